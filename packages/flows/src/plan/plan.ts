import type { KindName } from "../definition/kinds.ts";
import type { Transforms } from "../definition/mapping.ts";
import type { Value } from "./value.ts";

/** Where a value comes from: known from the start, or an output of a step. */
export type Source =
  | { readonly value: Value }
  | { readonly from: string; readonly output: string; readonly transforms: Transforms };

/** A way to do a step: what it uses and what it is told. */
export interface Way {
  readonly uses: KindName;
  readonly with: Readonly<Record<string, unknown>>;
}

/** A step with everything resolved: no lists to go over, no names to look up. */
export interface PlanStep {
  /** Unique in the plan: `mesh`, or `all/duck/mesh` for the duck of an `each`. */
  readonly id: string;
  /** The first, and what is taken when its tries are used up. */
  readonly ways: readonly [Way, ...Way[]];
  readonly inputs: Readonly<Record<string, readonly Source[]>>;
  /** Steps that must be done first; its sources are among them. */
  readonly needs: readonly string[];
  readonly retries: number;
  /** Milliseconds that a try may take. */
  readonly timeout?: number | undefined;
  /** What a locked step's output is remembered by; undefined if it is not locked. */
  readonly lock?: string | undefined;
  /** What `lock` would be: an output is remembered by it, so that it can be locked later. */
  readonly mark: string;
}

/** What is kept at the end. */
export interface PlanOutput {
  readonly name: string;
  /** Tells one of a list from another: the stem of its picture. */
  readonly label?: string | undefined;
  readonly source: Source;
}

/** A flow run's work, made once from its definition and what it was given. */
export interface Plan {
  readonly name: string;
  readonly parallel: number;
  readonly steps: readonly PlanStep[];
  readonly outputs: readonly PlanOutput[];
}
