import { setMaxListeners } from "node:events";

import type { Generator, GeneratorSource } from "../generator.ts";
import { createCatalogue } from "./catalogue.ts";
import { createFacade, type Desk, type Log } from "./facade.ts";
import { createModly } from "./modly.ts";
import { TIMES, type Times } from "./times.ts";

export type { Log } from "./facade.ts";
export type { Times } from "./times.ts";

export interface ModlySourceOptions {
  /** Where Modly listens, for example `http://127.0.0.1:8765`. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  readonly log: Log;
  /** The largest mesh that is fetched, bytes; a GiB where it is left out. */
  readonly maxMeshBytes?: number;
  /** Names the server that asks, so that one which is pointed at itself finds out. */
  readonly instance?: string;
  /** Milliseconds; what is left out has the value of {@link TIMES}. */
  readonly times?: Partial<Times>;
}

/**
 * The models of a running Modly, driven through its job API.
 *
 * Its `find` answers for any id while Modly is away, so it has to be the last source to be asked, and
 * a new run's model has to be looked up in `list`.
 */
export function createModlySource({
  url,
  token,
  log,
  times,
  maxMeshBytes = 1024 ** 3,
  instance = "",
}: ModlySourceOptions): GeneratorSource {
  const closing = new AbortController();
  // Every exchange under way listens to it.
  setMaxListeners(0, closing.signal);
  const allTimes: Times = { ...TIMES, ...times };
  const modly = createModly({
    url,
    times: allTimes,
    maxMeshBytes,
    instance,
    closing: closing.signal,
    ...(token !== undefined && { token }),
  });
  const desk: Desk = {
    modly,
    times: allTimes,
    strays: { known: new Set(), shaken: new Set(), quietUntil: 0 },
    log,
    closing: closing.signal,
  };
  const catalogue = createCatalogue(desk);
  // The first request shall not be the one that waits.
  catalogue
    .list()
    .catch((cause: unknown) => log.error({ err: cause }, "Modly's models can't be listed"));

  return {
    async list(): Promise<readonly Generator[]> {
      return (await catalogue.list()).map((descriptor) => createFacade(descriptor, desk));
    },
    async find(modelId: string): Promise<Generator | undefined> {
      const descriptor = await catalogue.find(modelId);
      return descriptor && createFacade(descriptor, desk);
    },
    async close(): Promise<void> {
      closing.abort();
    },
  };
}
