import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import {
  createModlySource,
  type ModlySourceOptions,
  type Times,
} from "../../src/generators/modly-api/index.ts";
import type { GenerateResult, GeneratorSource } from "../../src/generators/generator.ts";
import { pictureOf } from "../storms/pictures.ts";
import { type StandInSettings, startStandIn } from "./stand-in/start.ts";

/** Short enough for a test, long enough for a busy machine. */
const TEST_TIMES: Partial<Times> = {
  firstPoll: 10,
  slowestPoll: 50,
  fresh: 50,
  away: 20_000,
  answer: 10_000,
  quiet: 0,
  still: 60,
};

export interface Ran {
  readonly result: Promise<GenerateResult>;
  readonly progress: [percent: number, step: string][];
  /** Everything that was remembered, in order. */
  readonly remembered: string[];
  /** Aborts with a reason: `cancel`, `watchdog` or `stop`. */
  abort(reason: string): void;
}

/** A stand-in, a source in front of it, and runs at the port: what the worker does, by hand. */
export async function createBench({
  times,
  ...settings
}: Omit<StandInSettings, "directory"> & { times?: Partial<Times> } = {}) {
  const directory = await mkdtemp(path.join(os.tmpdir(), "modly-api-"));
  const standIn = await startStandIn({ directory, ...settings });
  const logged: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const log = { info: at("info"), warn: at("warn"), error: at("error") };
  const sources: GeneratorSource[] = [];
  let runs = 0;

  function createSource(other: Partial<Omit<ModlySourceOptions, "log">> = {}): GeneratorSource {
    const source = createModlySource({
      url: standIn.url,
      log,
      ...(settings.token && { token: settings.token }),
      ...other,
      times: { ...TEST_TIMES, ...times, ...other.times },
    });
    sources.push(source);
    return source;
  }

  async function run(
    source: GeneratorSource,
    modelId: string,
    {
      params = {},
      remembered = null,
      mark = `run ${runs + 1}`,
    }: { params?: Record<string, unknown>; remembered?: string | null; mark?: string } = {},
  ): Promise<Ran> {
    const generator = await source.find(modelId);
    if (!generator) throw new Error(`no model ${modelId}`);
    runs += 1;
    const workDir = await mkdtemp(path.join(directory, "work-"));
    const imagePath = path.join(directory, `picture-${runs}.png`);
    await writeFile(imagePath, pictureOf(mark));
    const progress: Ran["progress"] = [];
    const stored: string[] = [];
    const abort = new AbortController();
    const result = generator.generate(
      { runId: `run-${runs}`, imagePath, params, collection: "Default", workDir, remembered },
      {
        signal: abort.signal,
        onProgress: (percent, step) => void progress.push([percent, step]),
        remember: async (handle) => void stored.push(handle),
      },
    );
    return { result, progress, remembered: stored, abort: (reason) => abort.abort(reason) };
  }

  return {
    standIn,
    logged,
    createSource,
    run,
    async close(): Promise<void> {
      for (const source of sources) await source.close();
      await standIn.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type Bench = Awaited<ReturnType<typeof createBench>>;
