import type { Run, RunStatus } from "@modly-runs/contract";
import { isEnded } from "@modly-runs/contract";

/** What this browser started: enough to find the run again, and to start it once more. */
export interface Entry {
  /** Also the create's Idempotency-Key, so that a create sent twice is one run. */
  readonly id: string;
  readonly startedAt: number;
  /** The key of the picture; several entries may share one. */
  readonly pictureId: string;
  readonly pictureName: string;
  readonly modelId: string;
  readonly modelName: string;
  /** Only what differs from the model's defaults. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Null until the server has accepted the create. */
  readonly runId: string | null;
  /** The run as it was last seen. */
  readonly run: Run | null;
  /** The server's sentence, when it refused the create. */
  readonly refused: string | null;
  /** True when the server does not know the run any more. */
  readonly lost: boolean;
}

/** A run's status, and what only this side knows: not sent yet, refused, lost. */
export type State = RunStatus | "sending" | "refused" | "lost";

export function stateOf({ runId, run, refused, lost }: Entry): State {
  if (refused !== null) return "refused";
  if (runId === null) return "sending";
  if (run && isEnded(run.status)) return run.status;
  if (lost) return "lost";
  return run?.status ?? "pending";
}

/** True while something is still to come. */
export function isActive(entry: Entry): boolean {
  const state = stateOf(entry);
  return state === "sending" || state === "pending" || state === "running";
}

/** Keys that a server may add to a run. */
export function extraOf(entry: Entry, key: string): unknown {
  return entry.run ? (entry.run as Record<string, unknown>)[key] : undefined;
}

/** When the run ended or began, by the server's clock; undefined where it does not tell. */
export function timeOf(entry: Entry, key: "started_at" | "finished_at" | "created_at") {
  const text = extraOf(entry, key);
  const time = typeof text === "string" ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** A new key. Not `randomUUID`, which pages without https don't have. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
