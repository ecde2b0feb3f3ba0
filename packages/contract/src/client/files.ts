// The only file of the client that needs Node; it is loaded when somebody names a path.
import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";

import type { Sink } from "./download.ts";
import { fail, type Outcome, succeed } from "./outcome.ts";
import { PartFile } from "./part.ts";

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
  fill: (sink: Sink) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const part = new PartFile(path);
  let isCutOff = false;
  try {
    await part.open();
    const outcome = await fill(part);
    if (outcome.ok) await part.finish();
    else isCutOff = ["unreachable", "aborted"].includes(outcome.failure.code);
    return outcome;
  } catch (cause) {
    return fail("local_file", `${path} can't be written${reasonOf(cause)}.`, { cause });
  } finally {
    await part.leave(isCutOff);
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
