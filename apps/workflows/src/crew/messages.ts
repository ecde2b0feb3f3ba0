import type { FlowStatus, StepStatus } from "@modly-runs/flows";

/** A server of the contract that steps may use. */
export interface Provider {
  readonly name: string;
  readonly url: string;
  readonly token: string | null;
}

/** What a hand has to know before its first order. */
export interface Setup {
  /** Where flow runs are: a file, or the address of a database that several services share. */
  readonly flows: { readonly file: string } | { readonly database: string; readonly node: string };
  /** The directory of kept bytes. */
  readonly objects: string;
  readonly providers: readonly Provider[];
  /** Networks beyond the public ones that `SEND` may reach. */
  readonly networks: readonly string[];
  /** Milliseconds that a provider may be away in the middle of a step. */
  readonly patience: number;
  /** Milliseconds before the second try of a step. */
  readonly pause: number;
  /** Bytes that a process of steps may take. */
  readonly memory: number;
  /** Milliseconds that it may compute without a pause. */
  readonly busy: number;
}

/** A flow run to be run to its end. */
export interface Order {
  readonly id: string;
  readonly tenant: string;
  readonly resume: boolean;
}

export type ToHand =
  | { readonly type: "setup"; readonly setup: Setup }
  | { readonly type: "order"; readonly order: Order }
  | { readonly type: "leave" };

/** A step's stored change. */
export interface Seen {
  readonly id: string;
  readonly step: string;
  readonly status: StepStatus;
  readonly attempt: number;
}

/** How a flow run rests, or why it was not run. `broke`: the process died under it, or met a fault of its own. */
export type Over =
  | { readonly ok: true; readonly status: FlowStatus }
  | { readonly ok: false; readonly why: string; readonly broke: boolean };

export type FromHand =
  | { readonly type: "seen"; readonly seen: Seen }
  | { readonly type: "over"; readonly id: string; readonly over: Over };
