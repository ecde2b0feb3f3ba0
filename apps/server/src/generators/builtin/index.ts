import { join } from "node:path";
import { createPool, type Outcome, type Pool } from "../../children/pool.ts";
import type { Log } from "../../log.ts";
import type { GenerateResult, Generator, GeneratorSource } from "../generator.ts";
import type { Making } from "./make.ts";
import { MODELS, paramsSchema, type ModelId } from "./models.ts";
import type { NetworkFiles } from "./networks/index.ts";
import { withDefaults } from "./params.ts";

const VERSION = "1.0.0";

/** What a picture of 100 megapixels takes at its worst, interlaced or progressive, and half as much again. */
const MEMORY_BYTES = 2 * 1024 ** 3;
/** A model of a few hundred million weights, and what it computes on the way. */
const NETWORK_BYTES = 6 * 1024 ** 3;

type Makers = Pool<Making>;

/** A child that died is an end like any other: it costs one run, and says so. */
function sentenceOf(
  outcome: Exclude<Outcome<Making["made"]>, { kind: "made" }>,
  { memoryBytes, networks }: Surroundings,
): string {
  if (outcome.kind === "stopped") return "The run was stopped.";
  const most = `${memoryBytes / 1024 ** 3} GiB of memory`;
  if (outcome.death.of === "memory")
    return networks === undefined
      ? `The picture took more than ${most} to read. Save it again, smaller or without its metadata.`
      : `The picture and the models that look at it took more than ${most}. Use a smaller picture, or start the server with a smaller --mask-model or --depth-model.`;
  return "The process that made the mesh ended unexpectedly, perhaps for lack of memory. Try again, or a smaller picture.";
}

/**
 * The generators that need nothing but a CPU, each run in a child process.
 *
 * @param options.workers how many runs they may do at once
 * @param options.networks models that see objects and depth, for those who have some
 * @param options.memoryBytes resident memory that a child may take; by default what any picture needs, and most models
 */
export function createBuiltinSource({
  workers,
  log,
  networks,
  memoryBytes = networks === undefined ? MEMORY_BYTES : NETWORK_BYTES,
}: {
  workers: number;
  networks?: NetworkFiles | undefined;
  log?: Pick<Log, "warn">;
  memoryBytes?: number;
}): GeneratorSource {
  const pool: Makers = createPool({
    program: { module: new URL("child", import.meta.url), memoryBytes },
    places: workers,
    spare: true,
    onDeath: (death) => log?.warn({ ...death }, "a child of the built-in generators died"),
  });
  const ids = Object.keys(MODELS) as ModelId[];
  const generators = new Map<string, Generator>(
    ids.map((id) => [id, createGenerator(id, { pool, places: workers, memoryBytes, networks })]),
  );
  // It loads beside the server that starts, so that the first run finds it ready.
  pool.warm();
  return {
    list: async () => [...generators.values()],
    find: async (modelId) => generators.get(modelId),
    close: () => pool.close(),
  };
}

interface Surroundings {
  readonly pool: Makers;
  readonly places: number;
  readonly memoryBytes: number;
  readonly networks: NetworkFiles | undefined;
}

function createGenerator(id: ModelId, surroundings: Surroundings): Generator {
  const { pool, places, networks } = surroundings;
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
      const job = {
        ...{ model: id, imagePath, params: withDefaults(params), meshPath: file },
        ...(networks && { networks }),
      };
      const outcome = await pool.run(job, context.signal, ({ percent, step }) =>
        context.onProgress(percent, step),
      );
      if (outcome.kind !== "made") return { ok: false, error: sentenceOf(outcome, surroundings) };
      const { made } = outcome;
      return made.ok ? { ok: true, file, stem: id.replace("builtin/", "") } : made;
    },
  };
}
