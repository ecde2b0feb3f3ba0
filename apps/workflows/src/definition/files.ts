import { setMaxListeners } from "node:events";
import path from "node:path";

import type { FieldError } from "@modly-runs/contract";
import { type FileValue, written } from "@modly-runs/flows";
import { OutOfReach, type Reach, send } from "@modly-runs/flows/outbound";
import type { Objects } from "@modly-runs/flows/ports";

import type { GivenFiles } from "./making.ts";
import type { Outcome } from "./read.ts";

/** Files of one workflow that are fetched at once. */
const AT_ONCE = 4;
const REDIRECTS = 5;
/** Files that can't be had after which no more are asked for: each may take all its time. */
const MOST_FAULTS = 16;
/** Milliseconds that one file may take. */
const PATIENCE = 60_000;

export interface Fetching {
  readonly objects: Pick<Objects, "put">;
  readonly reach: Reach;
  /** Bytes of one file. */
  readonly most: number;
}

/** What files became: values for the flow, and each under the address that it was given by. */
export interface Fetched {
  readonly given: Readonly<Record<string, readonly FileValue[]>>;
  readonly byAddress: ReadonlyMap<string, FileValue>;
}

/**
 * Keeps the files that a definition names, `data:` or behind an address. What can't be had is said at its place.
 *
 * @param gone is aborted when nobody waits for them any more
 */
export async function fetchFiles(
  files: readonly GivenFiles[],
  fetching: Fetching,
  gone: AbortSignal,
): Promise<Outcome<Fetched>> {
  // Each of them listens to it.
  setMaxListeners(0, gone);
  const errors: FieldError[] = [];
  const values = new Map<GivenFiles, FileValue[]>(files.map((file) => [file, []]));
  const byAddress = new Map<string, FileValue>();
  const todo = files.flatMap((file) =>
    file.addresses.map((address, at) => ({ file, address, at })),
  );
  const next = async (): Promise<void> => {
    for (let one = todo.shift(); one && errors.length < MOST_FAULTS; one = todo.shift()) {
      const { file, address, at } = one;
      const had = byAddress.get(address) ?? (await fetchFile(address, file.type, fetching, gone));
      if (typeof had === "string") {
        const place = file.many ? [...file.place, at] : file.place;
        errors.push({ field: written(place), message: had });
      } else {
        values.get(file)![at] = had;
        byAddress.set(address, had);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  if (errors.length > 0) return { ok: false, errors };
  const given = Object.fromEntries([...values].map(([{ input }, list]) => [input, list]));
  return { ok: true, value: { given, byAddress } };
}

/** A file as it is kept, or a sentence why it can't be had. */
async function fetchFile(
  address: string,
  type: GivenFiles["type"],
  { objects, reach, most }: Fetching,
  gone: AbortSignal,
): Promise<FileValue | string> {
  const had = address.startsWith("data:")
    ? inline(address)
    : await behind(address, reach, most, gone);
  if (typeof had === "string") return had;
  const { bytes, name } = had;
  if (bytes.length === 0) return "The file is empty.";
  if (bytes.length > most) return `The file has more than ${most} bytes.`;
  const format = formatOf(bytes, address);
  if (type === "image" && !["png", "jpg", "webp"].includes(format))
    return "The file is no picture: it must be PNG, JPEG or WebP.";
  if (type === "mesh" && format !== "glb") return "The file is no GLB, and a mesh is one.";
  const kept = type === "image" || type === "mesh" ? type : "file";
  return { type: kept, format, sha256: await objects.put(bytes), bytes: bytes.length, name };
}

interface Had {
  readonly bytes: Buffer;
  readonly name: string | undefined;
}

function inline(address: string): Had | string {
  const found = /^data:[^,;]*(?:;[^,;]+)*;base64,/.exec(address.slice(0, 200));
  if (!found) return "A data: address must be base64: data:image/png;base64,…";
  const text = address.slice(found[0].length);
  if (!/^[\w+/-]*={0,2}$/.test(text)) return "The data: address is no base64.";
  return { bytes: Buffer.from(text, "base64"), name: undefined };
}

async function behind(
  address: string,
  reach: Reach,
  most: number,
  gone: AbortSignal,
): Promise<Had | string> {
  if (!URL.canParse(address) || !/^https?:/.test(address))
    return "It must be an address: https:// or data:.";
  try {
    const { status, body, cut } = await send(address, {
      method: "GET",
      reach,
      most,
      redirects: REDIRECTS,
      signal: AbortSignal.any([gone, AbortSignal.timeout(PATIENCE)]),
    });
    if (status !== 200) return `The address answered ${status}.`;
    if (cut) return `The file has more than ${most} bytes.`;
    return { bytes: body, name: stemOf(address) };
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof OutOfReach) return `The address may not be reached: ${message}.`;
    return `The address can't be reached: ${message}.`;
  }
}

function stemOf(address: string): string | undefined {
  const last = new URL(address).pathname.split("/").at(-1) ?? "";
  try {
    return path.parse(decodeURIComponent(last)).name || undefined;
  } catch {
    return undefined;
  }
}

/** By its first bytes; of what is neither a picture nor a mesh, by its address. */
function formatOf(bytes: Buffer, address: string): string {
  if (bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))) return "png";
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "jpg";
  if (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP")
    return "webp";
  if (bytes.toString("latin1", 0, 4) === "glTF") return "glb";
  const extension = address.startsWith("data:")
    ? ""
    : path.extname(new URL(address).pathname).slice(1).toLowerCase();
  return /^[a-z0-9]{1,8}$/.test(extension) ? extension : "bin";
}
