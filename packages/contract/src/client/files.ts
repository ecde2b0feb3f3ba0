// The only file of the client that needs Node; it is loaded when somebody names a path.
import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { Write } from "./download.ts";
import { fail, type Outcome, succeed } from "./outcome.ts";

/** A picture on disk, without reading it into memory. */
export async function openPicture(path: string): Promise<Outcome<{ blob: Blob; name: string }>> {
  try {
    if (!(await stat(path)).isFile()) return fail("local_file", `${path} is not a file.`);
    return succeed({ blob: await openAsBlob(path), name: basename(path) });
  } catch (cause) {
    return fail("local_file", `The picture ${path} can't be read${reasonOf(cause)}.`, { cause });
  }
}

/** Fills a file that appears under its name only when it is whole. */
export async function saveWhole<T>(
  path: string,
  fill: (write: Write) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const part = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  let file: FileHandle | undefined;
  try {
    const opened = (file = await open(part, "wx"));
    const outcome = await fill((bytes) => opened.writeFile(bytes));
    if (outcome.ok) {
      await file.sync();
      await file.close();
      file = undefined;
      await rename(part, path);
    }
    return outcome;
  } catch (cause) {
    return fail("local_file", `${path} can't be written${reasonOf(cause)}.`, { cause });
  } finally {
    await file?.close().catch(() => undefined);
    await rm(part, { force: true }).catch(() => undefined);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or folder",
  EACCES: "not allowed",
  EISDIR: "it is a folder",
  ENOSPC: "no room left",
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return code ? ` (${REASONS[code] ?? code})` : "";
}
