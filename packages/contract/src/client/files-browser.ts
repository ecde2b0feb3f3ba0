// What stands in for files.ts where there is no file system: bundlers choose it by the `browser` condition.
import type * as files from "./files.ts";
import { fail } from "./outcome.ts";

/** Refuses: a page has no files by path. */
export const openPicture: typeof files.openPicture = async (path) =>
  fail("local_file", `A browser can't open ${path}: give the picture as a File, a Blob or bytes.`);

/** Refuses: a page has no files by path. */
export const saveWhole: typeof files.saveWhole = async (path) =>
  fail("local_file", `A browser can't write ${path}: give a WritableStream.`);
