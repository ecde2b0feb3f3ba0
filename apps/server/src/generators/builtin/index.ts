import { join } from "node:path";
import type { GenerateResult, Generator, GeneratorSource } from "../generator.ts";
import { MODELS, paramsSchema, withDefaults, type ModelId } from "./models.ts";
import { createPool, type Pool } from "./pool.ts";

const VERSION = "1.0.0";

/** Milliseconds after which the first child is started: not while the server itself still starts. */
const SETTLED = 1000;

/**
 * The generators that need nothing but a CPU, each run in a child process.
 *
 * @param options.workers how many runs they may do at once
 */
export function createBuiltinSource({ workers }: { workers: number }): GeneratorSource {
  const pool = createPool(workers);
  const ids = Object.keys(MODELS) as ModelId[];
  const generators = new Map<string, Generator>(
    ids.map((id) => [id, createGenerator(id, pool, workers)]),
  );
  const settling = setTimeout(() => pool.warm(), SETTLED);
  settling.unref();
  return {
    list: async () => [...generators.values()],
    find: async (modelId) => generators.get(modelId),
    close() {
      clearTimeout(settling);
      return pool.close();
    },
  };
}

function createGenerator(id: ModelId, pool: Pool, places: number): Generator {
  const { name, description } = MODELS[id];
  return {
    descriptor: {
      id,
      name,
      description,
      version: VERSION,
      params_schema: paramsSchema(id),
      knowsAllParams: true,
      tags: ["cpu", "built-in"],
      vram_gb: 0,
      downloaded: true,
      loaded: true,
    },
    slot: { name: "builtin", places },
    async generate({ imagePath, params, workDir }, context): Promise<GenerateResult> {
      const file = join(workDir, "mesh.glb");
      const job = { model: id, imagePath, params: withDefaults(params), meshPath: file };
      const made = await pool.run(job, context.signal, (percent, step) =>
        context.onProgress(percent, step),
      );
      return made.ok ? { ok: true, file, stem: id.replace("builtin/", "") } : made;
    },
  };
}
