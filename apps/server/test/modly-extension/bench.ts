import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { GenerateResult, GeneratorSource } from "../../src/generators/generator.ts";
import {
  createModlyExtensionSource,
  type ModlyExtensionOptions,
} from "../../src/generators/modly-extension/index.ts";
import { picture } from "../support/pictures.ts";

const EXTENSIONS = fileURLToPath(new URL("./extensions", import.meta.url));

/** The extension that the conformance suite ships. */
export const FIXTURE = fileURLToPath(
  new URL("../../../../packages/conformance/fixtures/modly-extension", import.meta.url),
);

/** Why tests of extensions are left out here, or undefined where there is a Python to run them. */
export const WITHOUT_PYTHON = (() => {
  try {
    execFileSync("python3", ["-c", "import venv"], { stdio: "ignore" });
    return undefined;
  } catch {
    if (process.env["CI"] !== undefined)
      throw new Error("There is no python3 here, and CI must try the extensions.");
    process.stderr.write("LEFT OUT: there is no python3, so no Modly extension was tried.\n");
    return "there is no python3";
  }
})();

export interface Ran {
  readonly result: Promise<GenerateResult>;
  readonly progress: [percent: number, step: string][];
  readonly workDir: string;
  abort(reason: string): void;
  /** The step once one begins so. */
  saw(begin: string): Promise<string>;
}

export type Bench = Awaited<ReturnType<typeof createBench>>;

/** Extensions in a directory of their own, a source over them, and runs at the port. */
export async function createBench() {
  const directory = await mkdtemp(path.join(os.tmpdir(), "modly-extension-"));
  const extensionsDir = path.join(directory, "extensions");
  const workspaceDir = path.join(directory, "workspace");
  await mkdir(workspaceDir);
  await cp(EXTENSIONS, extensionsDir, { recursive: true });
  const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields: fields as Record<string, unknown>, message });
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const sources: GeneratorSource[] = [];
  let runs = 0;

  return {
    directory,
    extensionsDir,
    modelsDir: path.join(directory, "models"),
    logged,

    source(options: Partial<ModlyExtensionOptions> = {}): GeneratorSource {
      const source = createModlyExtensionSource({
        extensionsDir,
        modelsDir: path.join(directory, "models"),
        workspaceDir,
        python: "python3",
        room: { devices: [null], loaded: 1, atOnce: 1 },
        preload: [],
        download: false,
        log: log as unknown as ModlyExtensionOptions["log"],
        ...options,
        times: { fresh: 0, cancelGrace: 300, termGrace: 200, ...options.times },
      });
      sources.push(source);
      return source;
    },

    async run(
      source: GeneratorSource,
      modelId: string,
      params: Record<string, unknown> = {},
    ): Promise<Ran> {
      const generator = await source.find(modelId);
      if (!generator) throw new Error(`no model ${modelId}`);
      runs += 1;
      const workDir = path.join(directory, `work-${runs}`);
      const imagePath = path.join(directory, `picture-${runs}.png`);
      await mkdir(workDir);
      await writeFile(imagePath, picture(runs % 256));
      const progress: Ran["progress"] = [];
      const watchers = new Set<() => void>();
      const abort = new AbortController();
      const result = generator.generate(
        {
          runId: `run-${runs}`,
          imagePath,
          params,
          collection: "Default",
          workDir,
          remembered: null,
        },
        {
          signal: abort.signal,
          onProgress(percent, step) {
            progress.push([percent, step]);
            for (const look of watchers) look();
          },
          remember: async () => {},
        },
      );
      return {
        result,
        progress,
        workDir,
        abort: (reason) => abort.abort(reason),
        saw: (begin) =>
          new Promise((resolve, reject) => {
            const look = () => {
              const found = progress.find(([, step]) => step.startsWith(begin));
              if (found) resolve(found[1]);
            };
            watchers.add(look);
            look();
            void result.then((end) =>
              reject(new Error(`it ended before it said ${begin}: ${JSON.stringify(end)}`)),
            );
          }),
      };
    },

    async close(): Promise<void> {
      for (const source of sources) await source.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** True while a process with this id is there and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^[ZX]/.test(
      execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).trim(),
    );
  } catch {
    return false;
  }
}
