import { rm } from "node:fs/promises";

import type { Log } from "../log.ts";

/** Files that are kept for a while. */
export interface Shelf {
  put(key: string, file: string, bytes: number): void;
  /** The file, which is kept anew from now on. */
  find(key: string): string | undefined;
  close(): void;
}

interface Kept {
  readonly file: string;
  readonly bytes: number;
  until: number;
}

const KEPT_MS = 10 * 60_000;
const LOOK_EVERY_MS = 60_000;
const MOST_BYTES = 1024 ** 3;

/** Keeps files for ten minutes after they were last wanted, and a GiB of them at most. */
export function createShelf(log: Log): Shelf {
  const kept = new Map<string, Kept>();
  let bytes = 0;

  function remove(key: string, { file, bytes: size }: Kept): void {
    kept.delete(key);
    bytes -= size;
    rm(file, { force: true }).catch((cause: unknown) =>
      log.warn({ err: cause }, "an export stays until the next start"),
    );
  }
  function tidy(): void {
    const now = performance.now();
    // The one that was wanted last is never removed for want of room: it is about to be sent.
    for (const [key, each] of kept)
      if (each.until < now || (bytes > MOST_BYTES && kept.size > 1)) remove(key, each);
  }
  const looking = setInterval(tidy, LOOK_EVERY_MS).unref();

  return {
    put(key, file, size) {
      kept.set(key, { file, bytes: size, until: performance.now() + KEPT_MS });
      bytes += size;
      tidy();
    },
    find(key) {
      const found = kept.get(key);
      if (!found) return undefined;
      found.until = performance.now() + KEPT_MS;
      // Oldest first, so that room is made by those that nobody wants.
      kept.delete(key);
      kept.set(key, found);
      return found.file;
    },
    close: () => clearInterval(looking),
  };
}
