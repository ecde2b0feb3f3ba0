import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";

import type { Objects } from "../ports/flow-store.ts";

/** Keeps bytes in a directory, each content once, under its SHA-256. */
export function openObjects(directory: string): Objects {
  const place = (sha256: string) => path.join(directory, sha256.slice(0, 2), sha256);
  return {
    async put(bytes) {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const file = place(sha256);
      const known = await stat(file).catch(() => undefined);
      if (known?.size === bytes.length) {
        // In use again: a sweep that looks now must not take it for old.
        const now = new Date();
        const there = await utimes(file, now, now).then(
          () => true,
          () => false,
        );
        if (there) return sha256;
      }
      await mkdir(path.dirname(file), { recursive: true });
      const part = `${file}.${randomUUID()}.part`;
      try {
        const handle = await open(part, "wx");
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(part, file);
      } finally {
        await rm(part, { force: true });
      }
      await flush(path.dirname(file));
      return sha256;
    },
    async read(sha256) {
      try {
        return await readFile(place(sha256));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw cause;
      }
    },
    has: async (sha256) => (await stat(place(sha256)).catch(() => undefined)) !== undefined,
    async file(sha256) {
      const found = await stat(place(sha256)).catch(() => undefined);
      return found && path.resolve(place(sha256));
    },
    async remove(sha256, before) {
      const found = await stat(place(sha256)).catch(() => undefined);
      if (!found || found.mtimeMs >= before) return false;
      await rm(place(sha256), { force: true });
      return true;
    },
    async sweep(used, before) {
      let removed = 0;
      let freed = 0;
      for (const folder of await namesIn(directory))
        for (const name of await namesIn(path.join(directory, folder))) {
          if (used.has(name)) continue;
          const file = path.join(directory, folder, name);
          const found = await stat(file).catch(() => undefined);
          if (!found || found.mtimeMs >= before) continue;
          await rm(file, { force: true });
          removed++;
          freed += found.size;
        }
      return { removed, bytes: freed };
    },
  };
}

/** A file's new name is durable when its directory is. */
async function flush(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
