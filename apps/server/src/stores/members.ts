import type { ModelDescriptor, Slot } from "../generators/generator.ts";

/** A model that a node can run, and the slot whose places it takes there. */
export interface Offer {
  readonly descriptor: ModelDescriptor;
  readonly slot: Slot;
}

/** A node of the service: one process. */
export interface Member {
  readonly id: string;
  /** False when nothing has been heard of it for too long. */
  readonly isLive: boolean;
  /** The models it runs; none for a node that only answers requests. */
  readonly offers: readonly Offer[];
}

/**
 * Who works on the same store, and what they offer. Any adapter must pass `members.contract.ts`.
 */
export interface Members {
  /** This node's own name. */
  readonly self: string;
  /** Tells the others what this node offers from now on; also a heartbeat. */
  announce(offers: readonly Offer[]): Promise<void>;
  /** Tells that this node lives; false when nobody remembers it, so that it has to announce itself anew. */
  beat(): Promise<boolean>;
  /** All that are remembered, live ones and dead ones, by id. */
  list(): Promise<readonly Member[]>;
  /** Goes, on purpose: what it offered is gone at once. */
  leave(): Promise<void>;
}

/** A node by itself, as it is without settings. */
export function createLoneMember(self: string): Members {
  let offered: readonly Offer[] | undefined;
  return {
    self,
    async announce(offers) {
      offered = offers;
    },
    beat: async () => offered !== undefined,
    list: async () => (offered ? [{ id: self, isLive: true, offers: offered }] : []),
    async leave() {
      offered = undefined;
    },
  };
}
