import type { Members, Offer } from "../stores/members.ts";
import type { Generator, GeneratorSource, ModelDescriptor } from "./generator.ts";

/** How long what the others announced is good for, ms. */
const GOOD_MS = 300;

/** The models that other nodes run: to be chosen here, never to be run here. */
export interface AnnouncedSource extends GeneratorSource {
  /** Every model that was announced and not forgotten, with how many live nodes run it. */
  workers(): Promise<ReadonlyMap<string, number>>;
}

function generatorOf({ descriptor, slot }: Offer): Generator {
  return {
    descriptor,
    slot,
    generate: async () => {
      throw new Error(`${descriptor.id} runs on another node`);
    },
    // Only a node that runs the model can.
    abandon: async () => false,
  };
}

/** Stands for a model of which nothing is known any more. */
function unknownModel(id: string): ModelDescriptor {
  return {
    ...{ id, name: id, description: "", version: "", params_schema: [], knowsAllParams: false },
  };
}

/**
 * Offers what live nodes announce, and finds any model at all: a run that waits for one whose last
 * node is gone goes on waiting. So it belongs last.
 */
export function createAnnouncedSource(members: Members): AnnouncedSource {
  let seen: { readonly at: number; readonly list: ReturnType<Members["list"]> } | undefined;
  function list(): ReturnType<Members["list"]> {
    if (!seen || performance.now() - seen.at > GOOD_MS) {
      const asked = { at: performance.now(), list: members.list() };
      seen = asked;
      asked.list.catch(() => {
        if (seen === asked) seen = undefined;
      });
    }
    return seen.list;
  }
  const offers = async (which: (isLive: boolean) => boolean) => {
    const found = new Map<string, Offer>();
    for (const member of await list())
      if (which(member.isLive))
        for (const offer of member.offers)
          if (!found.has(offer.descriptor.id)) found.set(offer.descriptor.id, offer);
    return found;
  };
  return {
    async list() {
      return [...(await offers((isLive) => isLive)).values()].map(generatorOf);
    },
    async find(modelId) {
      const found = (await offers(Boolean)).get(modelId) ?? (await offers(() => true)).get(modelId);
      return generatorOf(
        found ?? { descriptor: unknownModel(modelId), slot: { name: modelId, places: 1 } },
      );
    },
    async workers() {
      const counts = new Map<string, number>();
      for (const member of await list())
        for (const { descriptor } of member.offers)
          counts.set(descriptor.id, (counts.get(descriptor.id) ?? 0) + Number(member.isLive));
      return counts;
    },
    close: async () => {},
  };
}
