import { kindOf } from "../definition/kinds.ts";
import { applied } from "../plan/make.ts";
import type { PlanStep, Source } from "../plan/plan.ts";
import { isFile, type Value } from "../plan/value.ts";
import type { Memory, Objects, Outputs } from "../ports/flow-store.ts";
import { idempotencyKey, workKey } from "./keys.ts";
import { failed, type StepContext, type StepOutcome, type StopReason, type World } from "./step.ts";
import { STEPS } from "./steps/index.ts";

/** What attempts of a flow run share. */
export interface Workshop {
  readonly flowRun: string;
  readonly flow: string;
  readonly memory: Memory;
  readonly objects: Objects;
  readonly world: World;
  /** Work that is being done now, by its key: two steps that do the same do it once. */
  readonly underWay: Map<string, Promise<AttemptOutcome>>;
}

/** One try of a step. */
export interface Attempt {
  readonly step: PlanStep;
  readonly way: number;
  readonly number: number;
  readonly signal: AbortSignal;
  /** What a step gave. */
  outputs(step: string): Outputs;
  progress(percent: number, text: string): void;
  begun(runId: string): Promise<void>;
}

export type AttemptOutcome = StepOutcome & { readonly reused?: "made before" | "locked" };

/** Makes a step's outputs, or takes what was made of the same before. */
export async function attempt(shop: Workshop, trying: Attempt): Promise<AttemptOutcome> {
  const { step } = trying;
  if (step.lock !== undefined) {
    const kept = await shop.memory.locked(shop.flow, step.lock);
    if (kept && (await isThere(shop.objects, kept)))
      return { ok: true, outputs: kept, reused: "locked" };
  }
  const { uses, with: written } = step.ways[trying.way]!;
  const kind = kindOf(uses);
  const inputs: Record<string, Value[]> = {};
  const told: Record<string, unknown> = { ...written };
  for (const [name, sources] of Object.entries(step.inputs)) {
    const values = sources.map((source) => valueOf(source, trying));
    if (kind.inputs[name]) inputs[name] = values;
    else told[name] = plain(values[0]!);
  }
  const parsed = kind.params.safeParse(told);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return failed(`${issue!.path.join(".")}: ${issue!.message}.`, true);
  }
  const wrong = kind.rule?.(parsed.data);
  if (wrong !== undefined) return failed(wrong, true);
  if (!kind.reused) return work(shop, trying, inputs, parsed.data);

  const key = workKey(uses, parsed.data, inputs);
  const before = await shop.memory.made(key);
  if (before && (await isThere(shop.objects, before)))
    return { ok: true, outputs: before, reused: "made before" };
  const other = await shop.underWay.get(key);
  // Another one's failure is not ours: it may have been stopped.
  if (other?.ok) return { ...other, reused: "made before" };
  const done = work(shop, trying, inputs, parsed.data);
  shop.underWay.set(key, done);
  const outcome = await done.finally(() => {
    if (shop.underWay.get(key) === done) shop.underWay.delete(key);
  });
  if (outcome.ok) await shop.memory.keep(key, shop.flowRun, outcome.outputs);
  return outcome;
}

async function work(
  { flowRun, objects, world }: Workshop,
  { step, way, number, signal, progress, begun }: Attempt,
  inputs: StepContext["inputs"],
  params: StepContext["params"],
): Promise<StepOutcome> {
  const late = new AbortController();
  const stop = () => late.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const timer =
    step.timeout === undefined
      ? undefined
      : setTimeout(() => late.abort("timeout" satisfies StopReason), step.timeout);
  try {
    const outcome = await STEPS[step.ways[way]!.uses]({
      params,
      inputs,
      idempotencyKey: idempotencyKey(flowRun, step.id, number),
      signal: late.signal,
      async read(value) {
        const bytes = value && isFile(value) ? await objects.read(value.sha256) : undefined;
        if (!bytes) throw new GoneError();
        return bytes;
      },
      async keep(bytes, about) {
        return { ...about, sha256: await objects.put(bytes), bytes: bytes.length };
      },
      progress,
      begun,
      world,
    });
    if (!outcome.ok && late.signal.reason === "timeout")
      return failed(`It took longer than ${step.timeout! / 1000} s.`, false, outcome.seconds);
    return outcome;
  } catch (cause) {
    if (cause instanceof GoneError) return failed(cause.message, true);
    throw cause;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Someone removed kept bytes under our hands. */
class GoneError extends Error {
  constructor() {
    super("What it needs was removed from the kept files. Run the flow again.");
  }
}

function valueOf(source: Source, { outputs }: Attempt): Value {
  return "value" in source
    ? source.value
    : applied(outputs(source.from)[source.output]!, source.transforms);
}

const plain = (value: Value): unknown =>
  value.type === "number" ? value.number : value.type === "text" ? value.text : undefined;

async function isThere(objects: Objects, outputs: Outputs): Promise<boolean> {
  for (const value of Object.values(outputs))
    if (isFile(value) && !(await objects.has(value.sha256))) return false;
  return true;
}
