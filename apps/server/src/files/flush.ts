import { open } from "node:fs/promises";

/** Makes what was written to a file survive a power cut. */
export async function flushFile(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename into a directory survive a power cut. Windows can't open a directory, and needs no flush. */
export async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Flushes of one directory for many: who asks while a flush is under way shares the next one with all
 * others who ask meanwhile, since what is done before a flush begins is in it.
 */
export function shareFlushes(directory: string): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  function begin(): Promise<void> {
    next = undefined;
    const flush = flushDirectory(directory).finally(() => {
      if (current === flush) current = undefined;
    });
    current = flush;
    return flush;
  }
  return () => (current ? (next ??= current.then(begin, begin)) : begin());
}
