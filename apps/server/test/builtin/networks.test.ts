import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createBuiltinSource } from "../../src/generators/builtin/index.ts";
import { findNetworks } from "../../src/generators/builtin/networks/index.ts";
import { findRuntime, INSTALL } from "../../src/generators/builtin/networks/runtime.ts";
import type { GenerateContext, GeneratorSource } from "../../src/generators/generator.ts";
import { readArrays } from "./measure.ts";
import { slowModel, tinyModel } from "./onnx.ts";
import { heightsOf } from "./outlines.ts";
import { clouds, raw } from "./set/surfaces.ts";

const runtime = findRuntime();
if (runtime === undefined)
  process.stderr.write(
    `\n!!! LEFT OUT: what ONNX models see, since onnxruntime-node is not installed: ${INSTALL}\n\n`,
  );

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-networks-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** Writes a model and what is said of it; the mean and deviation leave colours as 0..1. */
async function model(
  name: string,
  options: Parameters<typeof tinyModel>[0],
  card = {},
): Promise<string> {
  const file = join(directory, `${name}.onnx`);
  await writeFile(file, tinyModel(options));
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] };
  await writeFile(join(directory, `${name}.json`), JSON.stringify({ ...plain, ...card }));
  return file;
}

const green = (): Promise<string> =>
  model("green", { side: 96, weights: [-30, 30, -30], bias: 0, sigmoid: true });

/** A green and a red disc before clouds: only who is told which one is meant finds one alone. */
const discs = (): Promise<Buffer> => {
  const [first, second] = [clouds(31, 30), clouds(32, 24)];
  return raw(320, 240, (x, y) => {
    if (Math.hypot(x - 95, y - 120) < 50) return [30, 190 + 20 * second(x, y), 40];
    if (Math.hypot(x - 225, y - 120) < 50) return [200 + 20 * second(x, y), 30, 40];
    return [150 + 100 * first(x, y), 110 + 30 * second(x, y), 120 + 100 * second(y, x)];
  })
    .jpeg({ quality: 92 })
    .toBuffer();
};

async function run(
  source: GeneratorSource,
  id: string,
  picture: Buffer,
  { signal = new AbortController().signal, onProgress = () => {} }: Partial<GenerateContext> = {},
) {
  const workDir = await mkdtemp(join(directory, "run-"));
  const imagePath = join(workDir, "picture");
  await writeFile(imagePath, picture);
  const generator = await source.find(id);
  return generator!.generate(
    { runId: "r", imagePath, params: {}, collection: "Default", workDir, remembered: null },
    { signal, onProgress, remember: async () => {} },
  );
}

const star = (): Promise<Buffer> =>
  readFile(new URL("../../../../examples/star.png", import.meta.url));

async function slow(name: string, options: Parameters<typeof slowModel>[0]): Promise<string> {
  const file = join(directory, `${name}.onnx`);
  await writeFile(file, slowModel(options));
  return file;
}

/** The seconds that each child of this process has computed, by its number. */
function children(): Map<number, number> {
  const listed = execFileSync("ps", ["-A", "-o", "pid=,ppid=,time=,args="], { encoding: "utf8" });
  return new Map(
    listed
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, parent, , ...args]) => Number(parent) === process.pid && /builtin/.test(args.join()),
      )
      .map(([pid, , time]) => [
        Number(pid),
        time!.split(/[-:]/).reduce((sum, part) => sum * 60 + Number(part), 0),
      ]),
  );
}

const HANG = { timeout: 120_000, interval: 100 };

describe("models that somebody brings along", () => {
  it("are asked for by file; one that is not there is refused before the server starts", () => {
    const config = readConfig(["--mask-model", "a.onnx"], {});
    expect(config).toMatchObject({
      config: { networks: { mask: expect.stringMatching(/a\.onnx$/), depth: null } },
    });
    expect(findNetworks({ mask: join(directory, "none.onnx"), depth: null })).toMatch(
      /there is no file/,
    );
    expect(findNetworks({ mask: null, depth: null })).toBeUndefined();
  });

  it.runIf(runtime === undefined)("need a runtime, which is named with its command", async () => {
    const mask = await green();
    expect(findNetworks({ mask, depth: null })).toMatch(
      /--mask-model needs.*npm install onnxruntime-node/,
    );
  });

  describe.runIf(runtime !== undefined)("and see what a picture is of", () => {
    it("a mask model tells the object where the border leaves doubt", async () => {
      const mask = await green();
      const source = createBuiltinSource({
        workers: 1,
        networks: { runtime: runtime!, mask, depth: null },
      });
      try {
        const made = await run(source, "builtin/auto", await discs());
        if (!made.ok) throw new Error(made.error);
        const { extras, positions } = await readArrays(await readFile(made.file));
        expect(extras["method"]).not.toBe("relief");
        const [wide, high] = [0, 1].map((axis) => {
          const values = positions.filter((_, i) => i % 3 === axis);
          return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
        });
        expect(wide! / high!).toBeCloseTo(1, 1);
      } finally {
        await source.close();
      }
    });

    it("a depth model decides a relief's height, near or far as its card says", async () => {
      const heights: number[] = [];
      for (const large of ["near", "far"] as const) {
        const depth = await model(
          `red-${large}`,
          { side: 64, weights: [1, 0, 0], bias: 0, sigmoid: false },
          { large },
        );
        const source = createBuiltinSource({
          workers: 1,
          networks: { runtime: runtime!, mask: null, depth },
        });
        try {
          // As bright on the left as on the right; only the hue differs.
          const picture = await raw(200, 200, (x) => (x < 100 ? [200, 40, 0] : [0, 103, 0]))
            .png()
            .toBuffer();
          const made = await run(source, "builtin/relief", picture);
          if (!made.ok) throw new Error(made.error);
          const arrays = await readArrays(await readFile(made.file));
          expect(arrays.extras).toMatchObject({ depth: true });
          const map = heightsOf(arrays, 40, 40);
          heights.push(map[20 * 40 + 10]! - map[20 * 40 + 30]!);
        } finally {
          await source.close();
        }
      }
      expect(heights[0]).toBeGreaterThan(0.03);
      expect(heights[1]).toBeLessThan(-0.03);
    });

    it("a file that is no model ends the run in a sentence", async () => {
      const depth = join(directory, "broken.onnx");
      await writeFile(depth, "This is no model.");
      const source = createBuiltinSource({
        workers: 1,
        networks: { runtime: runtime!, mask: null, depth },
      });
      try {
        const error = expect.stringMatching(
          /^There is no depth .*broken\.onnx can't be used: .*--depth-model\.$/,
        );
        expect(await run(source, "builtin/relief", await discs())).toMatchObject({
          ok: false,
          error,
        });
      } finally {
        await source.close();
      }
    });

    it("a cancel ends a model in the middle of its work, and the next run has a child of its own", async () => {
      const depth = await slow("slow", { side: 2000, times: 1000 });
      const source = createBuiltinSource({
        workers: 1,
        networks: { runtime: runtime!, mask: null, depth },
      });
      try {
        const cancel = new AbortController();
        const steps: string[] = [];
        const running = run(source, "builtin/relief", await discs(), {
          signal: cancel.signal,
          onProgress: (_, step) => void steps.push(step ?? ""),
        });
        await vi.waitUntil(() => steps.some((step) => step.startsWith("Building")), HANG);
        const before = children();
        const computed = (): number =>
          [...children()].reduce(
            (sum, [pid, seconds]) => sum + seconds - (before.get(pid) ?? seconds),
            0,
          );
        // Nothing but the model computes for so long.
        await vi.waitUntil(() => computed() >= 3, HANG);
        cancel.abort();
        expect(await running).toEqual({ ok: false, error: "The run was stopped." });
        await vi.waitUntil(() => [...before.keys()].some((pid) => !children().has(pid)), HANG);
        expect(await run(source, "builtin/inflate", await star())).toMatchObject({ ok: true });
      } finally {
        await source.close();
      }
    });

    it("a model that takes more memory than it may ends its run, not the server", async () => {
      const depth = await slow("hungry", { side: 20_000, times: 2 });
      const source = createBuiltinSource({
        workers: 1,
        networks: { runtime: runtime!, mask: null, depth },
        memoryBytes: 768 * 1024 ** 2,
      });
      try {
        const error = expect.stringMatching(/took more than 0\.75 GiB of memory.*--depth-model/);
        expect(await run(source, "builtin/relief", await discs())).toMatchObject({
          ok: false,
          error,
        });
        expect(await run(source, "builtin/inflate", await star())).toMatchObject({ ok: true });
      } finally {
        await source.close();
      }
    });
  });
});
