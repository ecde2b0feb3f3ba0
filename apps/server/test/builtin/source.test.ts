import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBuiltinSource } from "../../src/generators/builtin/index.ts";
import type { GenerateResult, GeneratorSource } from "../../src/generators/generator.ts";

const duck = fileURLToPath(new URL("../../../../examples/duck.png", import.meta.url));

let directory = "";
/** One for the file: what a case does to its children, the next must be able to bear. */
let source: GeneratorSource;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-source-"));
  source = createBuiltinSource({ workers: 2 });
});
afterAll(async () => {
  await source.close();
  await rm(directory, { recursive: true });
});

interface Attempt {
  readonly result: Promise<GenerateResult>;
  readonly steps: { percent: number; step: string }[];
  readonly workDir: string;
  stop(): void;
}

async function attempt(
  imagePath: string,
  onStep?: (step: string) => void,
  params = {},
  from = source,
): Promise<Attempt> {
  const workDir = await mkdtemp(join(directory, "run-"));
  const generator = await from.find("builtin/inflate");
  const controller = new AbortController();
  const steps: Attempt["steps"] = [];
  const result = generator!.generate(
    { runId: "r", imagePath, params, collection: "Default", workDir, remembered: null },
    {
      signal: controller.signal,
      onProgress(percent, step) {
        steps.push({ percent, step });
        onStep?.(step);
      },
      remember: async () => {},
    },
  );
  return { result, steps, workDir, stop: () => controller.abort() };
}

/** The children of this process that run a generator. */
async function children(parent = process.pid): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8").catch(() => ""),
      readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    ]);
    const ppid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (ppid === parent && command.includes("builtin/child")) found.push(Number(pid));
  }
  return found;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("It did not come about in 20 s.");
    await pause(20);
  }
}

describe("the source of built-in generators", () => {
  it("lists its models, whose parameters are all known", async () => {
    const generators = await source.list();
    expect(generators.map(({ descriptor }) => descriptor.id)).toEqual([
      "builtin/auto",
      "builtin/inflate",
      "builtin/extrude",
      "builtin/lathe",
      "builtin/relief",
      "builtin/lithophane",
    ]);
    for (const { descriptor, slot } of generators) {
      expect(descriptor.knowsAllParams).toBe(true);
      expect(descriptor.params_schema.map(({ id }) => id)).toContain("size_mm");
      expect(descriptor.params_schema.every(({ tooltip }) => tooltip?.endsWith("."))).toBe(true);
      expect(slot).toEqual({ name: "builtin", places: 2 });
    }
    expect(await source.find("builtin/none")).toBeUndefined();
  });

  it("writes one mesh into the run's directory and tells its stages in order", async () => {
    const { result, steps, workDir } = await attempt(duck);
    expect(await result).toEqual({ ok: true, file: join(workDir, "mesh.glb"), stem: "inflate" });
    expect(await readdir(workDir)).toEqual(["mesh.glb"]);
    expect(steps.length).toBeGreaterThanOrEqual(5);
    expect(steps.map(({ percent }) => percent)).toEqual(
      steps.map(({ percent }) => percent).toSorted((a, b) => a - b),
    );
  });

  it("runs as many at once as it has places, and their results do not mix", async () => {
    const runs = await Promise.all([
      attempt(duck, undefined, { grid: 128 }),
      attempt(duck, undefined, { grid: 300 }),
    ]);
    const results = await Promise.all(runs.map(({ result }) => result));
    expect(results.every(({ ok }) => ok)).toBe(true);
    const sizes = await Promise.all(
      runs.map(async ({ workDir }) => (await readFile(join(workDir, "mesh.glb"))).byteLength),
    );
    expect(sizes[0]).toBeLessThan(sizes[1]!);
  });

  it("keeps its child for the next run", async () => {
    await (
      await attempt(duck)
    ).result;
    await until(async () => (await children()).length >= 2);
    const before = await children();
    await (
      await attempt(duck)
    ).result;
    await (
      await attempt(duck)
    ).result;
    expect(await children()).toEqual(before);
  });

  it("ends the process of a stopped run, and no other", async () => {
    const other = await attempt(duck);
    let begun = (): void => {};
    const began = new Promise<void>((resolve) => (begun = resolve));
    const stopped = await attempt(duck, () => begun(), { grid: 512, error: 0 });
    await began;
    const before = await children();
    stopped.stop();
    expect(await stopped.result).toMatchObject({ ok: false });
    expect((await children()).filter((pid) => before.includes(pid))).toHaveLength(
      before.length - 1,
    );
    expect((await other.result).ok).toBe(true);
    expect((await (await attempt(duck)).result).ok).toBe(true);
  });

  it("loses one run, and says so, when a child is killed", async () => {
    let begun = (): void => {};
    const began = new Promise<void>((resolve) => (begun = resolve));
    const { result } = await attempt(duck, () => begun(), { grid: 512, error: 0 });
    await began;
    for (const pid of await children()) process.kill(pid, "SIGKILL");
    expect(await result).toMatchObject({
      ok: false,
      error: expect.stringMatching(/ended unexpectedly/),
    });
    expect((await (await attempt(duck)).result).ok).toBe(true);
  });

  it("survives the death of a child that waits", async () => {
    await (
      await attempt(duck)
    ).result;
    await until(async () => (await children()).length >= 2);
    const waiting = await children();
    for (const pid of waiting) process.kill(pid, "SIGKILL");
    await until(async () => (await children()).every((pid) => !waiting.includes(pid)));
    expect((await (await attempt(duck)).result).ok).toBe(true);
  });

  it("refuses a broken picture in a sentence and goes on", async () => {
    const broken = join(directory, "broken.png");
    await writeFile(broken, (await readFile(duck)).subarray(0, 5000));
    expect(await (await attempt(broken)).result).toMatchObject({
      ok: false,
      error: expect.stringMatching(/could not be decoded/),
    });
    expect((await (await attempt(duck)).result).ok).toBe(true);
  });

  it("rejects when the work itself breaks, for the log", async () => {
    const generator = await source.find("builtin/inflate");
    const gone = join(directory, "no", "such", "directory");
    await expect(
      generator!.generate(
        {
          runId: "r",
          imagePath: duck,
          params: {},
          collection: "Default",
          workDir: gone,
          remembered: null,
        },
        { signal: new AbortController().signal, onProgress: () => {}, remember: async () => {} },
      ),
    ).rejects.toThrow(/ENOENT/);
  });

  it("has a child waiting soon after the start, and leaves none behind when it is closed", async () => {
    await until(async () => (await children()).length > 0);
    const others = await children();
    const own = async () => (await children()).filter((pid) => !others.includes(pid));
    const another = createBuiltinSource({ workers: 1 });
    await until(async () => (await own()).length > 0);
    const running = await attempt(duck, undefined, { grid: 512, error: 0 }, another);
    await another.close();
    expect((await running.result).ok).toBe(false);
    expect(await own()).toEqual([]);
  });

  it("leaves no process behind when its own process is killed", async () => {
    const script = `
      const { createBuiltinSource } = await import(${JSON.stringify(new URL("../../src/generators/builtin/index.ts", import.meta.url).href)});
      const source = createBuiltinSource({ workers: 1 });
      await source.list();
      console.log("warm");
      setInterval(() => {}, 1000);`;
    const file = join(directory, "owner.mts");
    await writeFile(file, script);
    const tsx = fileURLToPath(import.meta.resolve("tsx"));
    const owner = spawn(
      process.execPath,
      ["--import", tsx, "--conditions=@modly-runs/source", file],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(owner.stdout, "data");
    let orphans: number[] = [];
    await until(async () => (orphans = await children(owner.pid)).length === 1);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    const lives = async (pid: number): Promise<boolean> =>
      (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes("builtin/child");
    await until(async () => !(await lives(orphans[0]!)));
    expect(orphans).toHaveLength(1);
  });
});
