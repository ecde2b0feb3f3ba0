import type { Client } from "@modly-runs/contract/client";

import type { FileValue, Value } from "../plan/value.ts";
import type { Outputs } from "../ports/flow-store.ts";
import type { Reach } from "../outbound/reach.ts";

/** What a step works with. */
export interface StepContext {
  /** With every default filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, readonly Value[]>>;
  /** The same for each try that may have been begun before: whoever is asked can tell that it is the same. */
  readonly idempotencyKey: string;
  /** Aborted with one of {@link StopReason}. */
  readonly signal: AbortSignal;
  read(value: Value | undefined): Promise<Uint8Array>;
  keep(bytes: Uint8Array, about: Pick<FileValue, "type" | "format" | "name">): Promise<FileValue>;
  progress(percent: number, text: string): void;
  /** The run of the contract that the step made; stored, and told. */
  begun(runId: string): Promise<void>;
  readonly world: World;
}

/** Why a step is stopped: for good, because it takes too long, or because this process goes. */
export type StopReason = "cancel" | "timeout" | "leave";

/** What steps need of what is around them. */
export interface World {
  /** The server of that name, or the one at hand; a sentence if there is none. */
  server(name: string | undefined): Promise<Client | string>;
  env(name: string): string | undefined;
  /** Where `http` may send to. */
  readonly reach: Reach;
  /** Milliseconds that a server may be away in the middle of a step. */
  readonly patience: number;
}

/** What came of a try, and the seconds of a model's time it took. `final`: another one would fail as well. */
export type StepOutcome = (
  | { readonly ok: true; readonly outputs: Outputs }
  | { readonly ok: false; readonly why: string; readonly final: boolean }
) & { readonly seconds?: number | undefined };

/** Does a step once. Throws only if there is a mistake in it. */
export type DoStep = (context: StepContext) => Promise<StepOutcome>;

export const failed = (why: string, final: boolean, seconds?: number): StepOutcome => ({
  ok: false,
  why,
  final,
  seconds,
});
export const made = (outputs: Outputs, seconds?: number): StepOutcome => ({
  ok: true,
  outputs,
  seconds,
});
export const number = (value: number): Value => ({ type: "number", number: value });
export const text = (value: string): Value => ({ type: "text", text: value });

/** The name of the first file that a step was given. */
export const nameOf = ({ inputs }: StepContext): string | undefined => {
  const first = Object.values(inputs)[0]?.[0];
  return first && "sha256" in first ? first.name : undefined;
};
