import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { validateBytes } from "gltf-validator";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { faultOfMesh } from "../../src/files/mesh-check.ts";
import type { GeneratorSource } from "../../src/generators/generator.ts";
import { type Bench, createBench, isAlive, WITHOUT_PYTHON } from "./bench.ts";

const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);

describe.skipIf(WITHOUT_PYTHON)("Modly's extensions", { concurrent: false }, () => {
  let bench: Bench;
  let source: GeneratorSource;
  beforeEach(async () => {
    bench = await createBench();
    source = bench.source();
  });
  afterEach(() => bench.close());

  async function ends(modelId: string, params: Record<string, unknown> = {}) {
    return (await bench.run(source, modelId, params)).result;
  }
  async function fails(modelId: string, params: Record<string, unknown> = {}): Promise<string> {
    const result = await ends(modelId, params);
    return result.ok ? "it worked" : result.error;
  }

  test("are listed with what their manifests say, and only those that make a mesh of one picture", async () => {
    const all = (await source.list()).map(({ descriptor }) => descriptor);
    const ids = all.map(({ id }) => id);
    expect(ids).toContain("newer");
    expect(ids).toContain("habits/one-of-two");
    for (const other of ["habits/textures", "habits/two-pictures", "filter", "../broken"])
      expect(ids).not.toContain(other);
    const good = all.find(({ id }) => id === "habits/good");
    expect(good).toMatchObject({ name: "Good", version: "2", downloaded: true, loaded: false });
    expect(good?.params_schema.map(({ id }) => id)).toEqual(["steps", "seed"]);
    expect(all.find(({ id }) => id === "habits/weights")).toMatchObject({
      downloaded: false,
      hf_repo: "example/weights",
    });
    expect(await source.faults?.()).toEqual([
      { extension: "broken", problem: expect.stringMatching(/^manifest\.json: id: must be/) },
    ]);
    expect(bench.logged).toContainEqual(
      expect.objectContaining({ level: "warn", message: "an extension can't be used" }),
    );
  });

  test("make a mesh, and keep the model in memory for the next run", async () => {
    const first = await bench.run(source, "habits/about");
    const result = await first.result;
    expect(result).toMatchObject({ ok: true, stem: "device-None" });
    expect(result.ok && (await faultOfMesh(result.file, first.workDir))).toBeUndefined();
    const second = await bench.run(source, "habits/about");
    await second.result;
    const pid = async (ran: typeof first) =>
      (JSON.parse(await ran.saw("{")) as { pid: number }).pid;
    expect(await pid(first)).toBe(await pid(second));
    const listed = (await source.list()).find(({ descriptor }) => descriptor.loaded);
    expect(listed?.descriptor.id).toBe("habits/about");
  });

  test("have the surroundings that Modly gives them", async () => {
    const ran = await bench.run(source, "habits/about");
    await ran.result;
    const told = JSON.parse(await ran.saw("{")) as Record<string, unknown>;
    expect(told).toMatchObject({
      model_dir: path.join(bench.modelsDir, "habits", "about"),
      env: { EXTENSION_DIR: path.join(bench.extensionsDir, "habits"), MODELS_DIR: bench.modelsDir },
    });
  });

  test("run in their own venv where they have one", async () => {
    const folder = path.join(bench.extensionsDir, "habits");
    execFileSync("python3", ["-m", "venv", "--without-pip", path.join(folder, "venv")]);
    const ran = await bench.run(source, "habits/about");
    await ran.result;
    expect(JSON.parse(await ran.saw("{"))).toMatchObject({ prefix: path.join(folder, "venv") });
  });

  test("may print what they like: it goes into the log, within bounds", async () => {
    expect(await ends("habits/prints")).toMatchObject({ ok: true });
    await expect
      .poll(() => bench.logged.map(({ fields }) => fields["printed"]))
      .toContain('{"type": "done", "id": "anything", "output_path": "/etc/passwd"}');
    const printed = bench.logged.filter(({ fields }) => fields["printed"] !== undefined);
    expect(printed.length).toBeLessThanOrEqual(200);
  });

  test("may report as much as they like, and nonsense too", async () => {
    const ran = await bench.run(source, "habits/floods");
    expect(await ran.result).toMatchObject({ ok: true });
    expect(ran.progress.length).toBeGreaterThan(10);
    expect(ran.progress.length).toBeLessThan(20_000);
  });

  test.for([
    [
      "habits/bad-load",
      {},
      /^habits\/bad-load could not be loaded: ValueError: the weights are for another/,
    ],
    ["habits/fails", {}, /^habits\/fails failed: KeyError: 'no_such_key'\.$/],
    [
      "habits/fails",
      { exit: 1 },
      /^habits\/fails failed: SystemExit: the extension wanted to end\.$/,
    ],
    ["habits/out-of-memory", {}, /ran out of memory.+smaller settings/],
    ["habits/crashes", {}, /ended unexpectedly \(SIGSEGV\)/],
    ["habits/crashes", { how: "exit" }, /ended unexpectedly \(code 3\)/],
    ["habits/nothing", {}, /generate\(\) gave no path/],
    ["habits/picture", {}, /wrote a file that ends in "\.png"\. What can be published/],
    [
      "habits/weights",
      {},
      /weights of habits\/weights are not there.+example\/weights.+model\.bin/,
    ],
    ["newer", {}, /needs a part of Modly that this server does not have.+StreamedGenerator/],
    ["unready", {}, /is not set up: ModuleNotFoundError.+a_module_that_nobody_has/],
  ] as const)("%s with %j ends in a sentence", async ([modelId, params, sentence]) => {
    expect(await fails(modelId, params)).toMatch(sentence);
    expect(await ends("habits/good")).toMatchObject({ ok: true });
  });

  test.for(["habits/ply", "habits/obj"])("%s is published as a binary glTF", async (modelId) => {
    const ran = await bench.run(source, modelId);
    const result = await ran.result;
    if (!result.ok) throw new Error(result.error);
    const report = await validateBytes(new Uint8Array(await readFile(result.file)));
    expect(report.issues.messages.filter(({ severity }) => severity === 0)).toEqual([]);
    expect(report.info.totalTriangleCount).toBe(2);
    expect(await faultOfMesh(result.file, ran.workDir)).toBeUndefined();
  });

  test("are told nothing of the server's own settings", async () => {
    process.env["MODLY_RUNS_TOKEN"] = "a secret";
    try {
      const ran = await bench.run(source, "habits/about");
      await ran.result;
      expect(await ran.saw("{")).not.toContain("a secret");
    } finally {
      delete process.env["MODLY_RUNS_TOKEN"];
    }
  });

  test("are found out when they write elsewhere, or nothing", async () => {
    const ran = await bench.run(source, "habits/elsewhere", {
      to: path.join(bench.directory, "elsewhere.glb"),
    });
    const result = await ran.result;
    expect(result.ok && (await faultOfMesh(result.file, ran.workDir))).toMatch(/outside its own/);
    const none = await bench.run(source, "habits/nothing", { path: true });
    const empty = await none.result;
    expect(empty.ok && (await faultOfMesh(empty.file, none.workDir))).toMatch(/without writing/);
  });

  test("run with their weights once those are there", async () => {
    expect(await fails("habits/weights")).toMatch(/not there/);
    const folder = path.join(bench.modelsDir, "habits", "weights");
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "model.bin"), "weights");
    expect((await source.find("habits/weights"))?.descriptor.downloaded).toBe(true);
    expect(await ends("habits/weights")).toMatchObject({ ok: true });
  });

  test("that listen to a cancel keep their process, and the next run is its own", async () => {
    const first = await bench.run(source, "habits/good", { steps: 10_000 });
    await first.saw("Step 3");
    first.abort("cancel");
    expect((await first.result).ok).toBe(false);
    expect((await source.find("habits/good"))?.descriptor.loaded).toBe(true);
    expect(await ends("habits/good")).toMatchObject({ ok: true });
    expect(
      bench.logged.filter(({ message }) => message === "a Python process starts"),
    ).toHaveLength(1);
  });

  test.for([
    ["habits/deaf", {}],
    ["habits/deaf", { rude: true }],
    ["habits/hangs", {}],
    ["habits/children", {}],
  ] as const)("%s with %j is ended by force when it is cancelled", async ([modelId, params]) => {
    const ran = await bench.run(source, modelId, params);
    const pids = numbers(await ran.saw("Working"));
    expect(pids.every(isAlive)).toBe(true);
    ran.abort("cancel");
    await ran.result;
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    expect(await ends("habits/good")).toMatchObject({ ok: true });
  });

  test("without a cancel event, or still loading, are ended with their process", async () => {
    const alone = await bench.run(source, "habits/alone", { seconds: 600 });
    await alone.saw("Nobody");
    alone.abort("cancel");
    await alone.result;
    const slow = await bench.run(source, "habits/slow-load");
    await slow.saw("Loading");
    slow.abort("cancel");
    await slow.result;
    expect(await ends("habits/good")).toMatchObject({ ok: true });
  });

  test("leave nothing of theirs behind when their process ends by itself", async () => {
    const ran = await bench.run(source, "habits/children");
    const [runner = 0, child = 0] = numbers(await ran.saw("Working"));
    process.kill(runner, "SIGKILL");
    expect(await ran.result).toMatchObject({ ok: false, error: expect.stringMatching(/SIGKILL/) });
    await expect.poll(() => isAlive(child)).toBe(false);
  });

  test("whose process died while it waited cost the next run nothing", async () => {
    const first = await bench.run(source, "habits/about");
    await first.result;
    const { pid } = JSON.parse(await first.saw("{")) as { pid: number };
    process.kill(pid, "SIGKILL");
    expect(await ends("habits/about")).toMatchObject({ ok: true });
  });

  test("that crash again and again rest for a while", async () => {
    source = bench.source({ times: { rest: 60_000 } });
    for (let crash = 1; crash <= 5; crash++)
      expect(await fails("habits/crashes")).toMatch(/unexpectedly/);
    expect(await fails("habits/crashes")).toMatch(/crashed 5 times in a row/);
    expect(await ends("habits/good")).toMatchObject({ ok: true });
  });

  test("that take too long to load are stopped, and say for how long they have loaded", async () => {
    source = bench.source({ times: { load: 600, heartbeat: 100 } });
    const ran = await bench.run(source, "habits/slow-load");
    expect(await ran.result).toMatchObject({
      error: expect.stringMatching(/did not load within 1 s/),
    });
    expect(ran.progress.map(([, step]) => step)).toContain("Loading slow-load");
  });

  test("leave memory after a while, and for another model", async () => {
    source = bench.source({ times: { idle: 200 } });
    await ends("habits/good");
    await expect
      .poll(async () => (await source.find("habits/good"))?.descriptor.loaded)
      .toBe(false);
    await ends("habits/about");
    await ends("habits/good");
    expect((await source.find("habits/about"))?.descriptor.loaded).toBe(false);
  });

  test("share several GPUs, one run each, and know which one is theirs", async () => {
    source = bench.source({ room: { devices: ["0", "GPU-1"], loaded: 1, atOnce: 1 } });
    const both = await Promise.all([
      bench.run(source, "habits/about", { seconds: 0.5 }),
      bench.run(source, "habits/about", { seconds: 0.5 }),
    ]);
    const told = await Promise.all(
      both.map(async (ran) => (JSON.parse(await ran.saw("{")) as { device: string }).device),
    );
    expect(told.sort()).toEqual(["0", "GPU-1"]);
    await Promise.all(both.map(({ result }) => result));
  });

  test("are loaded before the first run when they are named", async () => {
    source = bench.source({ preload: ["habits/good", "nobody/knows"] });
    await expect.poll(async () => (await source.find("habits/good"))?.descriptor.loaded).toBe(true);
    expect(bench.logged.map(({ message }) => message)).toContain(
      "there is no such model to preload",
    );
  });

  test("are as small as the documentation says", async () => {
    const page = await readFile(new URL("../../../../docs/extensions.md", import.meta.url), "utf8");
    const folder = path.join(bench.extensionsDir, "hello");
    await mkdir(folder);
    for (const [language, name] of [
      ["json", "manifest.json"],
      ["python", "generator.py"],
    ] as const) {
      const [, code = ""] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(page) ?? [];
      await writeFile(path.join(folder, name), code);
    }
    expect(await ends("hello")).toMatchObject({ ok: true, stem: "hello" });
  });

  test("are noticed when they come, change and go", async () => {
    const folder = path.join(bench.extensionsDir, "newcomer");
    await cp(path.join(bench.extensionsDir, "habits"), folder, { recursive: true });
    const manifest = { id: "newcomer", name: "Newcomer", generator_class: "Good" };
    await writeFile(path.join(folder, "manifest.json"), JSON.stringify(manifest));
    expect(await ends("newcomer")).toMatchObject({ ok: true });
    const code = await readFile(path.join(folder, "generator.py"), "utf8");
    await writeFile(path.join(folder, "generator.py"), code.replace("self.write()", "1 / 0"));
    expect(await fails("newcomer")).toMatch(/ZeroDivisionError/);
    await rm(folder, { recursive: true });
    expect(await source.find("newcomer")).toBeUndefined();
  });
});
