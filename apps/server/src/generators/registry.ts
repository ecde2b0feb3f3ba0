import type { Log } from "../log.ts";
import type { Generator, GeneratorSource, SourceFault } from "./generator.ts";

/** Every generator there is: the sources in the order they are asked. */
export interface Registry extends GeneratorSource {
  /** The generator of a model that can be chosen now. */
  choose(modelId: string): Promise<Generator | undefined>;
  faults(): Promise<readonly SourceFault[]>;
}

/**
 * Puts sources behind one door.
 *
 * A source that answers for models which are away (a remote one) belongs last: it may claim any id.
 */
export function createRegistry(
  sources: readonly GeneratorSource[],
  log?: Pick<Log, "error">,
): Registry {
  /** A source that fails costs its own models only. */
  async function ask<T>(answer: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await answer();
    } catch (cause) {
      log?.error({ err: cause }, "a source of models failed");
      return otherwise;
    }
  }
  /** Of two with one id the first counts. */
  async function list(): Promise<Generator[]> {
    const found = new Map<string, Generator>();
    for (const each of await Promise.all(sources.map((source) => ask(() => source.list(), []))))
      for (const generator of each)
        if (!found.has(generator.descriptor.id)) found.set(generator.descriptor.id, generator);
    return [...found.values()];
  }
  return {
    list,
    async choose(modelId) {
      return (await list()).find(({ descriptor }) => descriptor.id === modelId);
    },
    async find(modelId) {
      for (const source of sources) {
        const found = await ask(() => source.find(modelId), undefined);
        if (found) return found;
      }
      return undefined;
    },
    async faults() {
      return (
        await Promise.all(
          sources.map((source) => ask(async () => (await source.faults?.()) ?? [], [])),
        )
      ).flat();
    },
    async close() {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}
