import { RESTART_PATH } from "./behaviour.ts";

/** How to bring a run into a situation. */
interface Recipe {
  model_id: string;
  params: Record<string, unknown>;
  min_ms?: number;
  burst?: number;
}

type Situation = "succeeds" | "runs_long" | "queued" | "fails" | "fingerprint";

/** The part of a target's description that does not depend on where it listens. */
export interface ReferenceTarget {
  situations: Record<Situation, Recipe | "none">;
  capabilities: ("idempotency_key" | "restart")[];
  retention_ms?: number;
  hooks?: { restart: { command: string } };
}

/** A command that restarts a reference server. */
export function restartHook(url: string): { restart: { command: string } } {
  const script = `fetch("${url}${RESTART_PATH}", { method: "POST" }).then((answer) => process.exit(answer.ok ? 0 : 1))`;
  return { restart: { command: `"${process.execPath}" -e '${script}'` } };
}

/** What the reference promises the suite: which models bring a run into which situation. */
export const REFERENCE_TARGET = {
  situations: {
    succeeds: { model_id: "ref/fast", params: {} },
    runs_long: { model_id: "ref/long", params: { steps: 40, step_ms: 50 }, min_ms: 1_500 },
    queued: { model_id: "ref/single", params: { steps: 50, step_ms: 50 }, burst: 2 },
    fails: { model_id: "ref/fail", params: {} },
    fingerprint: { model_id: "ref/fingerprint", params: {} },
  },
  capabilities: ["idempotency_key", "restart"],
} satisfies ReferenceTarget;

/** The same where all models share so many places: a queue is had with any of them. */
export function sharedTarget(places: number): ReferenceTarget {
  const { situations } = REFERENCE_TARGET;
  return {
    ...REFERENCE_TARGET,
    situations: { ...situations, queued: { ...situations.queued, burst: places + 1 } },
  };
}
