import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";

import { contentOf } from "../directory.ts";
import { mediaTypeOf } from "../media-types.ts";
import { segmentsOf } from "../paths.ts";
import type { Content, Meshes, RunFiles, StoredMesh, Uploads } from "../run-files.ts";
import type { S3Address } from "./address.ts";
import { type Bucket, type Found, openBucket } from "./bucket.ts";
import { FilesAway } from "../away.ts";

/** Whoever is alone takes all for old, whatever the bucket's clock says. */
const ALONE_MS = 24 * 3_600_000;

/** Where in the bucket what is kept. */
const UPLOADS = "uploads/";
const WORKSPACE = "workspace/";

/** A run waits so many times as long as a request does: hours of work may hang on it. */
const PATIENCE = 24;

/** Tries until it works, or until a run has waited long enough. */
async function patiently<T>({ timeoutMs }: S3Address, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE * timeoutMs;
  for (;;)
    try {
      return await attempt();
    } catch (cause) {
      if (!(cause instanceof FilesAway) || performance.now() > until) throw cause;
      await wait(timeoutMs / 2);
    }
}

async function copyTo(bucket: Bucket, found: Found, file: string): Promise<void> {
  const stream = await bucket.read(found);
  if (!stream) throw new FilesAway("Reading a file: it was removed meanwhile.");
  await pipeline(stream, createWriteStream(file, { mode: 0o600 }));
}

/** Pictures come to this machine's disk, are looked at there, and are in the bucket once they are kept. */
function createUploads(local: Uploads, bucket: Bucket, address: S3Address): Uploads {
  const unkept = new Map<string, { readonly file: string; readonly content: Content }>();
  return {
    async receive(picture) {
      const received = await local.receive(picture);
      const { key, file, sha256, bytes } = received;
      unkept.set(key, { file, content: { sha256, bytes } });
      return received;
    },
    async keep(key) {
      const picture = unkept.get(key);
      if (!picture) throw new Error(`no picture ${key} was received here`);
      unkept.delete(key);
      await bucket.put(UPLOADS + key, { ...picture, mediaType: "application/octet-stream" });
      await local.remove(key);
    },
    async fetch(key, directory) {
      const file = path.join(directory, `picture-${key}`);
      await patiently(address, async () => {
        const found = await bucket.find(UPLOADS + key);
        if (!found) throw new Error(`the picture ${key} is not in the bucket`);
        await copyTo(bucket, found, file);
      });
      return file;
    },
    async remove(key) {
      await local.remove(key);
      if (!unkept.delete(key)) await bucket.remove(UPLOADS + key);
    },
  };
}

function storedAs(bucket: Bucket, found: Found, { signed }: S3Address): StoredMesh {
  return {
    tag: found.tag,
    bytes: found.bytes,
    modifiedAt: found.modifiedAt,
    open: (range) => bucket.read(found, range),
    async asFile(directory, work) {
      const file = path.join(directory, `${randomUUID()}${path.extname(found.key)}`);
      try {
        await copyTo(bucket, found, file);
        return await work(file);
      } finally {
        await rm(file, { force: true });
      }
    },
    ...(signed ? { address: () => bucket.sign(found.key, signed.forMs) } : {}),
  };
}

/** Objects appear whole or not at all, and are put only where there is none: that is all a mesh needs. */
function createMeshes(bucket: Bucket, address: S3Address): Meshes {
  const keyOf = (workspacePath: string) =>
    segmentsOf(workspacePath) ? WORKSPACE + workspacePath : undefined;

  async function sha256Of(found: Found): Promise<string | undefined> {
    if (found.sha256 !== undefined) return found.sha256;
    const stream = await bucket.read(found);
    if (!stream) return undefined;
    const hash = createHash("sha256");
    for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest("hex");
  }
  async function holds(workspacePath: string, { sha256, bytes }: Content): Promise<boolean> {
    const key = keyOf(workspacePath);
    const found = key && (await bucket.find(key));
    return found ? found.bytes === bytes && (await sha256Of(found)) === sha256 : false;
  }

  return {
    contentOf,
    holds,
    async isTaken(workspacePath) {
      const key = keyOf(workspacePath);
      return key !== undefined && (await patiently(address, () => bucket.find(key))) !== undefined;
    },
    async publish(file, workspacePath) {
      const key = keyOf(workspacePath);
      if (!key) return { ok: false, reason: "invalid", why: "not a path of the workspace" };
      const content = await contentOf(file);
      const draft = { file, content, mediaType: mediaTypeOf(key) };
      // There may be one where the answer to our own try was lost.
      const isThere = await patiently(
        address,
        async () => (await bucket.put(key, draft)) || (await holds(workspacePath, content)),
      );
      return isThere
        ? { ok: true }
        : { ok: false, reason: "taken", why: "another file has this name" };
    },
    async find(workspacePath) {
      const key = keyOf(workspacePath);
      const found = key && (await bucket.find(key));
      return found ? storedAs(bucket, found, address) : undefined;
    },
    async withdraw(workspacePath, content) {
      const key = keyOf(workspacePath);
      if (!key || (content && !(await holds(workspacePath, content)))) return;
      await bucket.remove(key);
    },
  };
}

/**
 * Keeps pictures and meshes in a bucket; what is worked on is in directories of this machine.
 *
 * @param local for working directories, and for pictures that nobody has looked at yet
 * @throws FilesAway where the bucket can't be used
 */
export async function createS3Files(local: RunFiles, address: S3Address): Promise<RunFiles> {
  const bucket = openBucket(address);
  await bucket.check();
  return {
    ...local,
    uploads: createUploads(local.uploads, bucket, address),
    meshes: createMeshes(bucket, address),
    async sweep(uploadsInUse, olderThanMs) {
      await local.sweep(new Set(), olderThanMs);
      const before = new Date(Date.now() - (olderThanMs ?? -ALONE_MS));
      for await (const key of bucket.list(UPLOADS, before))
        if (!uploadsInUse.has(key.slice(UPLOADS.length))) await bucket.remove(key);
      for (const below of [UPLOADS, WORKSPACE]) await bucket.dropUnfinished(below, before);
    },
  };
}
