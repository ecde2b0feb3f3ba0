import { writeFile } from "node:fs/promises";
import path from "node:path";

import type {
  GenerateContext,
  GenerateInput,
  GenerateResult,
  Generator,
  GeneratorSource,
} from "../../src/generators/generator.ts";
import { tetrahedron } from "../../src/generators/test-models/tetrahedron.ts";

type Generate = Generator["generate"];

export interface ModelOptions {
  readonly places?: number;
  readonly graceMs?: number;
  readonly knowsAllParams?: boolean;
  readonly params?: Generator["descriptor"]["params_schema"];
}

/** A back end with one model, `fake/<node>`, which does what the test says. */
export function source(
  node: string,
  generate: Generate,
  options: ModelOptions = {},
): GeneratorSource {
  const { places = 1, graceMs, knowsAllParams = false, params = [] } = options;
  const generator: Generator = {
    descriptor: {
      id: `fake/${node}`,
      name: node,
      description: "Does what a test says",
      version: "1.0.0",
      params_schema: params,
      knowsAllParams,
    },
    slot: { name: `fake/${node}`, places, ...(graceMs === undefined ? {} : { graceMs }) },
    generate,
  };
  return {
    list: async () => [generator],
    find: async (modelId) => (modelId === generator.descriptor.id ? generator : undefined),
    close: async () => {},
  };
}

/** Writes a good mesh into the run's directory. */
export async function writeMesh({ workDir }: GenerateInput): Promise<GenerateResult> {
  const file = path.join(workDir, "mesh.glb");
  await writeFile(file, await tetrahedron({}));
  return { ok: true, file, stem: "mesh" };
}

/** Rejects when the run is aborted, and not before. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    if (signal.aborted) reject(new Error("aborted"));
  });
}

/** A run that a test leads by the hand. */
export interface HeldRun {
  readonly input: GenerateInput;
  readonly context: GenerateContext;
  report(percent: number, step: string): void;
  /** Lets it end; its mesh is written already. */
  finish(): void;
}

/** `fake/held`: each run waits for the test's word. */
export function createHeld(options: ModelOptions = {}) {
  const runs = new Map<string, HeldRun>();
  const generate: Generate = async (input, context) => {
    const word = new Promise<void>((finish) => {
      const report = context.onProgress.bind(context);
      runs.set(input.runId, { input, context, report, finish });
    });
    const mesh = await writeMesh(input);
    await Promise.race([word, untilAborted(context.signal)]);
    return mesh;
  };
  return { source: source("held", generate, options), runs };
}

/** A back end without models that keeps whoever asks for them waiting, until it is opened. */
export function createGate() {
  let open = () => {};
  let reach = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const gated: GeneratorSource = {
    async list() {
      reach();
      await opened;
      return [];
    },
    find: async () => undefined,
    close: async () => {},
  };
  return { source: gated, reached, open };
}
