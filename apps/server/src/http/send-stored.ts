import { pipeline } from "node:stream/promises";

import type { Request, Response } from "express";

import type { ByteRange, StoredMesh } from "../files/run-files.ts";
import { refuse } from "./problems.ts";
import { NO_SUCH_FILE } from "./sent.ts";

/** Whole seconds, as HTTP's dates have them. */
const seconds = (date: Date) => Math.floor(date.getTime() / 1000) * 1000;

/** Weak or strong: what was fetched before is only to be known again (RFC 9110, section 13.1). */
const tagsOf = (list: string) => list.split(",").map((tag) => tag.trim().replace(/^W\//, ""));

/** True when a client that wants one certain file must not get this one. */
function isAnother(req: Request, etag: string, modifiedAt: Date): boolean {
  const match = req.get("if-match");
  if (match !== undefined) return match.trim() !== "*" && !tagsOf(match).includes(etag);
  const since = Date.parse(req.get("if-unmodified-since") ?? "");
  return !Number.isNaN(since) && seconds(modifiedAt) > since;
}

/** True when the part that is asked for belongs to what the client has of this file. */
function isSameForRange(req: Request, etag: string, modifiedAt: Date): boolean {
  const ifRange = req.get("if-range");
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return ifRange.trim() === etag;
  const since = Date.parse(ifRange);
  return !Number.isNaN(since) && seconds(modifiedAt) <= since;
}

type Wanted = ByteRange | "whole" | "beyond";

/** One range, or the whole: several at once would need a form of answer that nobody asks meshes in. */
function wantedOf(req: Request, { bytes, modifiedAt }: StoredMesh, etag: string): Wanted {
  const asked = req.get("range");
  if (asked === undefined || !/^ *bytes=/.test(asked)) return "whole";
  if (!isSameForRange(req, etag, modifiedAt)) return "whole";
  const ranges = req.range(bytes, { combine: true });
  if (ranges === -1) return "beyond";
  const [only] = Array.isArray(ranges) && ranges.length === 1 ? ranges : [];
  return only ?? "whole";
}

/**
 * Answers with a stored file, whole or in part, or with what its preconditions call for, whatever
 * place it is in.
 *
 * @param headers what is said of the file, and of nothing else
 */
export async function sendStored(
  res: Response,
  file: StoredMesh,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const { req } = res;
  const { bytes, modifiedAt } = file;
  const etag = `"${file.tag}"`;
  if (isAnother(req, etag, modifiedAt))
    return refuse(res, "precondition_failed", "The file is not the one that If-Match names.");
  const wanted = wantedOf(req, file, etag);
  const known = { ETag: etag, "Last-Modified": modifiedAt.toUTCString(), "Accept-Ranges": "bytes" };
  // Only a 200 or a 304 is looked at for what the client has already.
  res.set(known);
  if (req.fresh) return void res.status(304).end();
  if (wanted === "beyond") {
    for (const name of Object.keys(known)) res.removeHeader(name);
    res.setHeader("Content-Range", `bytes */${bytes}`);
    return refuse(res, "range_not_satisfiable", "The file is shorter than that range.");
  }
  const range = wanted === "whole" ? undefined : wanted;
  const stream = req.method === "HEAD" ? null : await open(res, file, range, known);
  if (stream === undefined) return refuse(res, "file_not_found", NO_SUCH_FILE);
  res.set(headers);
  res.setHeader("Content-Length", range ? range.end - range.start + 1 : bytes);
  if (range) {
    res.status(206);
    res.setHeader("Content-Range", `bytes ${range.start}-${range.end}/${bytes}`);
  }
  if (stream === null) return void res.end();
  // A client that has enough closes; an answer that breaks off is cut short, which its length tells.
  await pipeline(stream, res).catch(() => undefined);
}

/** What was said of the file is not true of a refusal. */
async function open(
  res: Response,
  file: StoredMesh,
  range: ByteRange | undefined,
  known: Readonly<Record<string, string>>,
) {
  const forget = () => Object.keys(known).forEach((name) => res.removeHeader(name));
  try {
    const stream = await file.open(range);
    if (!stream) forget();
    return stream;
  } catch (cause) {
    forget();
    throw cause;
  }
}
