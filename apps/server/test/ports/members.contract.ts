import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Members, Offer } from "../../src/stores/members.ts";

/** A model as a node offers it. */
export function offer(id: string): Offer {
  return {
    descriptor: {
      id,
      name: id,
      description: "For a test",
      version: "1.0.0",
      params_schema: [{ id: "steps", label: "Steps", type: "int", default: 5, min: 1, max: 9 }],
      knowsAllParams: true,
    },
    slot: { name: "one", places: 1 },
  };
}

export interface MembersPlace {
  /** The node's own view of all. */
  readonly members: Members;
  remove(): Promise<void>;
}

/** What every way to know the nodes must do. */
export function describeMembers(name: string, makePlace: () => Promise<MembersPlace>): void {
  describe(`the members of ${name}`, () => {
    let place: MembersPlace;
    let members: Members;
    beforeEach(async () => {
      place = await makePlace();
      ({ members } = place);
    });
    afterEach(() => place.remove());

    it("knows this node once it has announced itself, with what it offers", async () => {
      expect(await members.list()).toEqual([]);
      expect(await members.beat()).toBe(false);
      await members.announce([offer("a/one")]);
      expect(await members.beat()).toBe(true);
      expect(await members.list()).toEqual([
        { id: members.self, isLive: true, offers: [offer("a/one")] },
      ]);
      await members.announce([]);
      expect(await members.list()).toEqual([{ id: members.self, isLive: true, offers: [] }]);
    });

    it("knows a node that left for dead, if at all", async () => {
      await members.announce([offer("a/one")]);
      await members.leave();
      expect((await members.list()).filter(({ isLive }) => isLive)).toEqual([]);
    });
  });
}
