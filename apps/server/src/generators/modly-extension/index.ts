import { ParamSpec } from "@modly-runs/contract/companion";
import { z } from "zod";

import type { Log } from "../../log.ts";
import type {
  GenerateContext,
  GenerateInput,
  GenerateResult,
  Generator,
  GeneratorSource,
} from "../generator.ts";
import { createCrashes } from "./crashes.ts";
import { discover, type Discovered, type ExtensionModel, weightsAreThere } from "./discover.ts";
import { createPublisher } from "./publishable.ts";
import { startPython } from "./python.ts";
import { load, type Ran, runIn } from "./run.ts";
import { createSeats, type DeviceName, type Room } from "./seats.ts";
import * as sentences from "./sentences.ts";
import { TIMES, type Times } from "./times.ts";

export interface ModlyExtensionOptions {
  readonly extensionsDir: string;
  /** Where weights are: `<extension>/<node>` below it. */
  readonly modelsDir: string;
  readonly workspaceDir: string;
  /** The Python of extensions without a venv. */
  readonly python: string;
  readonly room: Room;
  /** Models to load at once, and to have warm for the first run. */
  readonly preload: readonly string[];
  /** Extensions may fetch weights that are missing. */
  readonly download: boolean;
  readonly log: Log;
  readonly times?: Partial<Times>;
}

const SLOT = "modly-extension";

/** Modly's extensions, each of their models in a Python process of its own. */
export function createModlyExtensionSource(options: ModlyExtensionOptions): GeneratorSource {
  const { room, log, download, workspaceDir, modelsDir } = options;
  const times: Times = { ...TIMES, ...options.times };
  const crashes = createCrashes(times.rest);
  const schemas = new Map<string, readonly ParamSpec[]>();
  const closing = new AbortController();
  const onFault = (cause: unknown) => log.error({ err: cause }, "the host of extensions failed");
  const seats = createSeats(room, times, start, onFault);

  function start(model: ExtensionModel, device: DeviceName) {
    const fields = { model_id: model.id, ...(device === null ? {} : { device }) };
    const python = startPython({
      python: model.python,
      folder: model.folder,
      env: {
        EXTENSION_DIR: model.folder,
        MODEL_DIR: model.modelDir,
        MODELS_DIR: modelsDir,
        WORKSPACE_DIR: workspaceDir,
        ...(device === null ? {} : { CUDA_VISIBLE_DEVICES: device }),
      },
      log,
      fields,
      times,
    });
    log.info({ ...fields, pid: python.pid }, "a Python process starts");
    python.gone.then(
      (how) => log.info({ ...fields, pid: python.pid, how }, "a Python process is gone"),
      onFault,
    );
    python.ready.then((ready) => {
      if (ready.type !== "ready") return;
      const { data } = z.array(ParamSpec).min(1).safeParse(ready.params_schema);
      if (data) schemas.set(model.id, data);
    }, onFault);
    return python;
  }

  const publisher = createPublisher(room.devices.length * room.atOnce);
  let found: Discovered = { models: new Map(), faults: [] };
  let at = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  async function look(): Promise<void> {
    const before = found;
    found = await discover(options);
    at = performance.now();
    for (const fault of found.faults)
      if (!before.faults.some(({ problem }) => problem === fault.problem))
        log.warn({ ...fault }, "an extension can't be used");
    for (const { id, edition } of found.models.values()) {
      const known = before.models.get(id);
      if (known?.edition === edition) continue;
      schemas.delete(id);
      crashes.worked(id);
      log.info({ model_id: id }, known ? "an extension has changed" : "an extension is there");
    }
  }
  async function upToDate(): Promise<Discovered> {
    if (performance.now() - at >= times.fresh)
      await (looking ??= look().finally(() => (looking = null)));
    return found;
  }

  async function runOnce(
    model: ExtensionModel,
    input: GenerateInput,
    context: GenerateContext,
  ): Promise<Ran | null> {
    const seat = await seats.acquire(model, context.signal);
    if (!seat) return null;
    const warm = seat.loaded;
    let ran: Ran | undefined;
    try {
      ran = await runIn({ seat, input, context, times, download });
      return { ...ran, again: warm && ran.again === true };
    } finally {
      await seats.release(seat, ran?.keep === true);
    }
  }

  async function generate(
    model: ExtensionModel,
    input: GenerateInput,
    context: GenerateContext,
  ): Promise<GenerateResult> {
    for (;;) {
      const rest = crashes.resting(model.id);
      if (rest) return { ok: false, error: sentences.resting(model, rest.count, rest.left) };
      const ran = await runOnce(model, input, context);
      if (ran === null) return { ok: false, error: "The run was stopped." };
      if (ran.again && !context.signal.aborted) continue;
      if (ran.crashed && !context.signal.aborted) crashes.crashed(model.id);
      if (ran.fault)
        log.warn(
          { run_id: input.runId, model_id: model.id, traceback: ran.fault.traceback },
          "an extension failed",
        );
      if (!ran.result.ok) return ran.result;
      crashes.worked(model.id);
      return publisher.publishable(ran.result.file, input.workDir, context.signal);
    }
  }

  async function generatorOf(model: ExtensionModel): Promise<Generator> {
    const { id, name, description, version, tags } = model;
    const loaded = seats.isLoaded(id);
    return {
      descriptor: {
        id,
        name,
        description,
        version,
        tags,
        vram_gb: model.vramGb,
        hf_repo: model.hfRepo,
        params_schema: schemas.get(id) ?? model.params,
        // Extensions read parameters that their schema does not name.
        knowsAllParams: false,
        downloaded: loaded || (await weightsAreThere(model)),
        loaded,
      },
      slot: { name: SLOT, places: room.devices.length * room.atOnce },
      generate: (input, context) => generate(model, input, context),
    };
  }

  async function preload(id: string): Promise<void> {
    const model = (await upToDate()).models.get(id);
    if (!model) return log.warn({ model_id: id }, "there is no such model to preload");
    const seat = await seats.acquire(model, closing.signal);
    if (!seat) return;
    const hindrance = await load(seat, { times, download });
    await seats.release(seat, !hindrance);
    if (hindrance && !hindrance.result.ok)
      log.warn({ model_id: id, why: hindrance.result.error }, "a model could not be preloaded");
    else log.info({ model_id: id }, "a model is preloaded");
  }

  Promise.all(options.preload.map(preload)).catch(onFault);

  return {
    async list() {
      return Promise.all([...(await upToDate()).models.values()].map(generatorOf));
    },
    async find(modelId) {
      const model = (await upToDate()).models.get(modelId);
      return model && generatorOf(model);
    },
    async faults() {
      return (await upToDate()).faults;
    },
    async close() {
      closing.abort();
      await Promise.all([seats.close(), publisher.close()]);
    },
  };
}
