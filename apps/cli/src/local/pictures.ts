import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";

import { fail, type Outcome, succeed } from "@modly-runs/contract/client";

/** A picture to make a mesh of. */
export interface Picture {
  /** As the person wrote it. */
  name: string;
  /** What a mesh is named after. */
  stem: string;
  /** The path of the file, or the bytes of what is none. */
  image: string | Blob;
}

const EXTENSIONS = new Set([
  ".png",
  ".jpg",
  ".jpeg",
  ".webp",
  ".avif",
  ".gif",
  ".tif",
  ".tiff",
  ".bmp",
]);
const LARGEST = 64 * 1024 * 1024;
const FETCH = 60_000;

/** What this program puts beside meshes: an OBJ's textures, and pictures of meshes. */
const OURS = /\.(?:texture(?:-\d+)?|preview)$/;

/** Whether a file of a folder is taken for a picture to make a mesh of, going by its name. */
export const isPictureName = (name: string): boolean => {
  const { ext, name: stem } = path.parse(name);
  return EXTENSIONS.has(ext.toLowerCase()) && !OURS.test(stem);
};

/** Finds the pictures that words name: files, folders, patterns, `-` for stdin, http(s) addresses. */
export async function picturesOf(words: readonly string[]): Promise<Outcome<Picture[]>> {
  const found: Picture[] = [];
  for (const word of words) {
    const some = await named(word);
    if (!some.ok) return some;
    found.push(...some.value);
  }
  return succeed(found);
}

async function named(word: string): Promise<Outcome<Picture[]>> {
  if (word === "-") return standardInput();
  if (/^https?:\/\//i.test(word)) return fetched(word);
  const kind = await stat(word).catch(() => undefined);
  if (kind?.isFile()) return succeed([pictureAt(word)]);
  if (kind?.isDirectory()) {
    const names = (await readdir(word)).filter(isPictureName).sort();
    if (names.length === 0) return fail("local_file", `The folder ${word} holds no pictures.`);
    return succeed(names.map((name) => pictureAt(path.join(word, name))));
  }
  if (kind) return fail("local_file", `${word} is neither a file nor a folder.`);
  if (!/[*?[\]{}]/.test(word)) return fail("local_file", `There is no picture ${word}.`);
  // A shell that leaves patterns to the program: Windows, or one in quotes.
  const { glob } = await import("tinyglobby");
  const matches = await glob(word.replaceAll("\\", "/"), { expandDirectories: false });
  if (matches.length === 0) return fail("local_file", `No file fits the pattern ${word}.`);
  return succeed(matches.sort().map(pictureAt));
}

function pictureAt(file: string): Picture {
  return { name: file, stem: path.parse(file).name, image: file };
}

async function standardInput(): Promise<Outcome<Picture[]>> {
  const bytes = await buffer(process.stdin);
  if (bytes.length === 0)
    return fail("local_file", "Nothing came on stdin: - takes a picture from there.");
  return succeed([{ name: "-", stem: "picture", image: new Blob([new Uint8Array(bytes)]) }]);
}

async function fetched(address: string): Promise<Outcome<Picture[]>> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(FETCH) });
    if (!answer.ok)
      return fail("local_file", `${address} answered ${answer.status}, not a picture.`);
    if (Number(answer.headers.get("content-length")) > LARGEST)
      return fail("local_file", `The picture at ${address} is larger than 64 MiB.`);
    const bytes = await answer.arrayBuffer();
    if (bytes.byteLength > LARGEST)
      return fail("local_file", `The picture at ${address} is larger than 64 MiB.`);
    const stem = path.posix.parse(decodeURIComponent(new URL(address).pathname)).name || "picture";
    return succeed([
      { name: address, stem: stem.replaceAll(/[^\w.-]/g, "_"), image: new Blob([bytes]) },
    ]);
  } catch (cause) {
    return fail("local_file", `The picture at ${address} can't be fetched.`, { cause });
  }
}
