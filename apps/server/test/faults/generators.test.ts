import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect, onTestFinished, test } from "vitest";

import type { GenerateInput, Generator } from "../../src/generators/generator.ts";
import { type App, appForAll, type AppOptions, openApp, scratch } from "../support/app.ts";
import { follow } from "../support/events.ts";
import { source, untilAborted, writeMesh } from "../support/generators.ts";

type Generate = Generator["generate"];

const FAKE = { model_id: "fake/bad", params: "{}" };

/** A server whose model `fake/bad` is bad the first time and good from then on. */
async function openBad(bad: Generate, options: AppOptions & { graceMs?: number } = {}) {
  const { graceMs, ...settings } = options;
  let isFirst = true;
  const generate: Generate = async (input, context) => {
    if (!isFirst) return writeMesh(input);
    isFirst = false;
    return bad(input, context);
  };
  const model = source("bad", generate, graceMs === undefined ? {} : { graceMs });
  return openApp({ sources: [model], ...settings });
}

/** What the one model of a server that many tests share does next; then it is good again. */
let next: Generate | undefined;
const shared = appForAll({
  sources: [
    source("bad", (input, context) => {
      const now = next ?? writeMesh;
      next = undefined;
      return now(input, context);
    }),
  ],
});

/** The next run of the same model has the slot to itself, is fine, and alone leaves a mesh. */
async function expectNextIsFine(app: App, meshesBefore = 0): Promise<void> {
  const run = await app.ended(await app.create(FAKE));
  expect(run).toMatchObject({ status: "done", progress: 100 });
  await expect.poll(async () => (await app.leftOnDisk()).tmp).toEqual([]);
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
  expect((await app.leftOnDisk()).meshes).toHaveLength(meshesBefore + 1);
}

const put =
  (name: string, bytes: string | Buffer): Generate =>
  async ({ workDir }) => {
    const file = path.join(workDir, name);
    await writeFile(file, bytes);
    return { ok: true, file };
  };

async function linkOut({ workDir }: GenerateInput): Promise<{ ok: true; file: string }> {
  const file = path.join(workDir, "mesh.glb");
  await symlink("/etc/passwd", file);
  return { ok: true, file };
}

/** A binary glTF that promises more bytes than it has (glTF 2.0, chapter 4.4). */
function cutShort(): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(0x46546c67, 0);
  header.writeUInt32LE(2, 4);
  header.writeUInt32LE(100_000, 8);
  return header;
}

const FAULTS: [what: string, bad: Generate, says: RegExp][] = [
  [
    "rejects",
    async () => Promise.reject(new Error("at /home/me/secret.ts")),
    /failed unexpectedly/,
  ],
  [
    "finds no room",
    async () => Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC" })),
    /^There was no room left/,
  ],
  [
    "throws at once",
    () => {
      throw new Error("at once");
    },
    /failed unexpectedly/,
  ],
  [
    "throws what is no error",
    async () => Promise.reject({ toString: null }),
    /failed unexpectedly/,
  ],
  [
    "says why",
    async () => ({ ok: false, error: "The picture is too dark. Take another." }),
    /^The picture is too dark\. Take another\.$/,
  ],
  [
    "says it in a traceback",
    async () => ({
      ok: false,
      error:
        'Traceback:\n  File "/home/me/x.py", line 3\nRuntimeError: no memory at /home/me/model.bin',
    }),
    /^RuntimeError: no memory at model\.bin$/,
  ],
  ["says nothing", async () => ({ ok: false, error: " \n " }), /without saying why/],
  [
    "writes nothing",
    async ({ workDir }) => ({ ok: true, file: path.join(workDir, "none.glb") }),
    /without writing its mesh/,
  ],
  ["writes an empty file", put("mesh.glb", ""), /wrote an empty mesh/],
  ["writes garbage", put("mesh.glb", "this is no mesh at all"), /not a whole binary glTF/],
  ["writes half a mesh", put("mesh.glb", cutShort()), /not a whole binary glTF/],
  ["writes a few bytes", put("mesh.glb", "glTF"), /not a whole binary glTF/],
  [
    "gives its directory",
    async ({ workDir }) => ({ ok: true, file: workDir }),
    /without writing its mesh/,
  ],
  [
    "gives a directory by a mesh's name",
    async ({ workDir }) => {
      const file = path.join(workDir, "mesh.glb");
      await mkdir(file);
      return { ok: true, file };
    },
    /without writing its mesh/,
  ],
  [
    "gives a pipe",
    async ({ workDir }) => {
      const file = path.join(workDir, "mesh.glb");
      await once(spawn("mkfifo", [file]), "close");
      return { ok: true, file };
    },
    /without writing its mesh/,
  ],
  [
    "gives a file of the system",
    async () => ({ ok: true, file: "/etc/passwd" }),
    /outside its own directory/,
  ],
  [
    "climbs out",
    async ({ workDir }) => ({ ok: true, file: `${workDir}/../../../../etc/passwd` }),
    /outside its own directory|without writing/,
  ],
  ["links out", linkOut, /outside its own directory/],
  [
    "names no file",
    async () => ({ ok: true, file: "" }),
    /outside its own directory|without writing/,
  ],
  [
    "wants a place outside",
    async (input) => ({ ...(await writeMesh(input)), workspacePath: "../../evil.glb" }) as never,
    /^$/,
  ],
];

test.each(FAULTS)("a generator that %s", async (_what, bad, says) => {
  const app = shared();
  const before = (await app.leftOnDisk()).meshes.length;
  next = bad;
  const run = await app.ended(await app.create(FAKE));
  if (says.source === "^$") {
    // A place that is no place is not used; the run's own is.
    expect(run.output_url).toMatch(/^\/workspace\/Default\/mesh-/);
    return;
  }
  expect(run).toMatchObject({ status: "error", output_url: null });
  expect(run.error).toMatch(says);
  expect(run.error).not.toMatch(/\/home|\/tmp|\n/);
  await expectNextIsFine(app, before);
});

test("a generator whose process exits, or is killed", async () => {
  const children: ChildProcess[] = [];
  const work: Generate = async (_input, { signal }) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { signal });
    children.push(child);
    child.on("error", () => {});
    const [code, killed] = (await once(child, "exit")) as [number | null, string | null];
    return { ok: false, error: `The process ended: ${code ?? killed}.` };
  };
  const app = await openBad(work);
  const id = await app.create(FAKE);
  await expect.poll(() => children[0]?.pid).toBeGreaterThan(0);
  children[0]!.kill("SIGKILL");
  expect((await app.ended(id)).error).toBe("The process ended: SIGKILL.");
  await expectNextIsFine(app);
});

test("a cancel ends the generator's process, and frees its slot", async () => {
  const children: ChildProcess[] = [];
  const app = await openBad(async (_input, { signal }) => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    children.push(child);
    signal.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
    await once(child, "exit");
    return { ok: false, error: "It was killed." };
  });
  const id = await app.create(FAKE);
  await expect.poll(() => children[0]?.pid).toBeGreaterThan(0);
  expect(await app.cancel(id)).toMatchObject({ cancelled: true });
  expect((await app.read(id)).status).toBe("cancelled");
  await expectNextIsFine(app);
  expect(children[0]!.signalCode).toBe("SIGKILL");
});

test("a generator that hangs is stopped when nothing new comes", async () => {
  const watchdogs = { stallMs: 600, totalMs: 60_000 };
  const app = await openBad(
    async (_input, { signal, onProgress }) => {
      onProgress(30, "Thinking");
      const again = setInterval(() => onProgress(30, "Thinking"), 20);
      return untilAborted(signal).finally(() => clearInterval(again));
    },
    { watchdogs },
  );
  const run = await app.ended(await app.create(FAKE));
  expect(run).toMatchObject({ status: "error", progress: 30, step: "Thinking" });
  expect(run.error).toMatch(/^The generator reported nothing for \d s and was stopped\.$/);
  await expectNextIsFine(app);
});

test("a generator that never comes to an end is stopped in time", async () => {
  const watchdogs = { stallMs: 60_000, totalMs: 1000 };
  const app = await openBad(
    async (_input, { signal, onProgress }) => {
      let count = 0;
      const again = setInterval(() => onProgress(1, `Step ${count++}`), 5);
      return untilAborted(signal).finally(() => clearInterval(again));
    },
    { watchdogs },
  );
  const run = await app.ended(await app.create(FAKE));
  expect(run.error).toMatch(/^The run took longer than 1 s and was stopped\.$/);
  await expectNextIsFine(app);
});

test.each(["cancelled", "stopped by the watchdog"])(
  "a generator that goes on when it is %s gives its slot up after the grace",
  async (how) => {
    let tell: ((percent: number, step: string) => void) | undefined;
    let write: (() => Promise<unknown>) | undefined;
    const watchdogs = { stallMs: how === "cancelled" ? 60_000 : 600, totalMs: 60_000 };
    const app = await openBad(
      (input, { onProgress }) => {
        tell = onProgress;
        write = () => appendFile(path.join(input.workDir, "late"), "late");
        return new Promise(() => {});
      },
      { graceMs: 100, watchdogs },
    );
    const id = await app.create(FAKE);
    await expect.poll(() => tell).toBeDefined();
    if (how === "cancelled") await app.cancel(id);
    const ended = await app.ended(id);
    tell!(90, "Still here");
    await expectNextIsFine(app);
    await expect(write!()).rejects.toThrow(/ENOENT/);
    expect(await app.read(id)).toEqual(ended);
  },
);

test("a stop does not wait for ever for a generator that does not let go", async () => {
  let isAt = false;
  const app = await openBad(
    () => {
      isAt = true;
      return new Promise(() => {});
    },
    { graceMs: Number.POSITIVE_INFINITY },
  );
  await app.create(FAKE);
  await expect.poll(() => isAt).toBe(true);
  await app.stop();
  expect(isAt).toBe(true);
});

test("100,000 reports at once are few changes, and none is lost at the end", async () => {
  const app = await openBad(async (input, { onProgress }) => {
    for (let count = 0; count < 100_000; count++) onProgress(count / 1010, `Step ${count}`);
    await new Promise(setImmediate);
    return writeMesh(input);
  });
  const blocker = await app.create({ params: '{"steps":1,"step_ms":0}' });
  await app.ended(blocker);
  const id = await app.create(FAKE);
  const stream = await follow(app.url, id);
  await stream.ended;
  expect(stream.runs.at(-1)).toMatchObject({ status: "done" });
  expect(stream.runs.length).toBeLessThan(20);
  expect((await app.ended(await app.create(FAKE))).status).toBe("done");
});

test("progress of any kind is made whole, kept in range, and never falls", async () => {
  const odd = [
    5,
    250,
    -1,
    12.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    3,
    "7" as never,
    null as never,
  ];
  let finish = () => {};
  const told = new Promise<void>((resolve) => (finish = resolve));
  onTestFinished(finish);
  const app = await openBad(async (input, { onProgress }) => {
    for (const [index, percent] of odd.entries()) {
      onProgress(percent, `Report ${index}`);
      await new Promise(setImmediate);
    }
    await told;
    return writeMesh(input);
  });
  const id = await app.create(FAKE);
  const stream = await follow(app.url, id);
  await expect.poll(() => stream.runs.at(-1)?.progress).toBe(99);
  finish();
  await stream.ended;
  const seen = stream.runs.map(({ progress }) => progress);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(100);
  await app.ended(await app.create(FAKE));
});

test("a name that another file has is not taken from it", async () => {
  const dataDir = await scratch();
  const taken = "Default/theirs.glb";
  const app = await openBad(
    async (input) => ({ ...(await writeMesh(input)), workspacePath: taken }) as never,
    { dataDir },
  );
  await mkdir(path.join(app.workspaceDir, "Default"), { recursive: true });
  await writeFile(path.join(app.workspaceDir, taken), "theirs");
  const run = await app.ended(await app.create(FAKE));
  expect(run.status).toBe("done");
  expect(run.scene_candidate?.workspace_path).not.toBe(taken);
  expect(existsSync(path.join(app.workspaceDir, run.scene_candidate!.workspace_path))).toBe(true);
});
