import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { Readable } from "node:stream";

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

import { FilesAway } from "../away.ts";
import type { ByteRange, Content } from "../run-files.ts";
import type { S3Address } from "./address.ts";
import { insist, statusOf } from "./insist.ts";

/** What there is to know of an object without its bytes. */
export interface Found {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** S3's own ETag, without its quotes. */
  readonly tag: string;
  /** SHA-256 as it was noted when we put it there; undefined where somebody else did. */
  readonly sha256: string | undefined;
}

export interface Draft {
  readonly file: string;
  readonly content: Content;
  readonly mediaType: string;
}

/** Objects of one bucket, below its prefix. All of it throws FilesAway where S3 does not do its part. */
export interface Bucket {
  /** Throws where the bucket is not there, or not ours. */
  check(): Promise<void>;
  find(key: string): Promise<Found | undefined>;
  /** The bytes of what was found, taken up again where they break off; undefined where it is gone since. */
  read(found: Found, range?: ByteRange): Promise<Readable | undefined>;
  /** Puts a whole file where there is none; false where there is one. */
  put(key: string, draft: Draft): Promise<boolean>;
  /** Idempotent. */
  remove(key: string): Promise<void>;
  /** Keys below this one that are older than a time. */
  list(below: string, before: Date): AsyncIterable<string>;
  /** Drops what was begun to be put there before a time, and never ended. */
  dropUnfinished(below: string, before: Date): Promise<void>;
  /** An address that anybody may fetch it from for a while. */
  sign(key: string, forMs: number): Promise<string>;
  close(): void;
}

/** As many as clients may have to us: one that reads slowly must not keep the others from being answered. */
const MOST_CONNECTIONS = 65_535;

/** Larger files go in parts of this size; S3 asks for 5 MiB at least, and 10,000 parts at most. */
const PART_BYTES = 8 * 1024 ** 2;
/** How slow a line to S3 may be, bytes a second; what is put there has that much more time. */
const SLOWEST = 256 * 1024;

// It tells its developers of coming versions of Node, in the middle of a server's log.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

function configOf({ region, endpoint, credentials }: S3Address): S3ClientConfig {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials ? { credentials } : {}),
    // Tries are counted here, where there is a limit for each.
    maxAttempts: 1,
    requestHandler: {
      httpAgent: { keepAlive: true, maxSockets: MOST_CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: MOST_CONNECTIONS },
    },
    // Not every storage that speaks S3 knows the newer checksums; MD5 is sent with what is put.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  };
}

const md5Of = (bytes: Buffer) => createHash("md5").update(bytes).digest("base64");

/** True for an answer that says that there is no such object; a missing bucket is another matter. */
const isAbsent = (cause: unknown) =>
  statusOf(cause) === 404 && (cause as Error).name !== "NoSuchBucket";

/** Opens a bucket. Nothing is asked of it yet. */
export function openBucket(address: S3Address): Bucket {
  const { bucket: Bucket, prefix, timeoutMs } = address;
  const client = new S3Client(configOf(address));
  const at = (key: string) => ({ Bucket, Key: prefix + key });
  /** False once the storage has said that it can't put a file only where there is none. */
  let isConditional = true;

  const doing = (what: string, bytes = 0) => ({
    what,
    limitMs: timeoutMs + (bytes / SLOWEST) * 1000,
  });

  async function check(): Promise<void> {
    await insist(doing(`Looking for the bucket ${Bucket}`), (abortSignal) =>
      client.send(new HeadBucketCommand({ Bucket }), { abortSignal }),
    );
  }

  async function find(key: string): Promise<Found | undefined> {
    const head = await insist(doing("Looking for a file"), async (abortSignal) => {
      try {
        return await client.send(new HeadObjectCommand(at(key)), { abortSignal });
      } catch (cause) {
        if (isAbsent(cause)) return undefined;
        throw cause;
      }
    });
    if (head)
      return {
        key,
        bytes: head.ContentLength ?? 0,
        modifiedAt: head.LastModified ?? new Date(0),
        tag: (head.ETag ?? "").replaceAll('"', ""),
        sha256: head.Metadata?.["sha256"],
      };
    // The answer has no body that would tell a missing object from a missing bucket.
    await check();
    return undefined;
  }

  async function begin({ key, tag }: Found, { start, end }: ByteRange) {
    const command = new GetObjectCommand({
      ...at(key),
      ...{ IfMatch: `"${tag}"`, Range: `bytes=${start}-${end}` },
    });
    return insist(doing("Reading a file"), async (abortSignal) => {
      try {
        const body = (await client.send(command, { abortSignal })).Body as Readable;
        // It may break off before anybody reads it; whoever does hears of it too.
        return body.on("error", () => {});
      } catch (cause) {
        if (isAbsent(cause) || statusOf(cause) === 412) return undefined;
        throw cause;
      }
    });
  }

  /** From here to there, whatever breaks off in between; a body that says nothing is broken too. */
  async function* through(found: Found, { start, end }: ByteRange, first: Readable) {
    let at = start;
    let body: Readable | undefined = first;
    let isLast = false;
    try {
      while (body) {
        const reading = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
        try {
          for (;;) {
            const quiet = setTimeout(
              (each: Readable) => each.destroy(new Error("it said nothing for too long")),
              timeoutMs,
              body,
            );
            const { done, value } = await reading.next().finally(() => clearTimeout(quiet));
            if (done) break;
            isLast = false;
            at += value.length;
            yield value;
          }
          if (at > end) return;
          throw new Error("it ended too early");
        } catch (cause) {
          // Twice in one place is enough: it is tried a few times to get an answer at all.
          if (isLast)
            throw new FilesAway(`Reading a file: ${(cause as Error).message}.`, { cause });
          isLast = true;
          body.destroy();
          body = await begin(found, { start: at, end });
        }
      }
      throw new FilesAway("Reading a file: it was replaced meanwhile.");
    } finally {
      body?.destroy();
    }
  }

  const condition = () => (isConditional ? { IfNoneMatch: "*" } : {});

  /** False where there is such an object; a storage that knows no conditions is asked before. */
  async function unlessTaken(key: string, store: () => Promise<unknown>): Promise<boolean> {
    if (!isConditional && (await find(key))) return false;
    try {
      await store();
      return true;
    } catch (cause) {
      const why = (cause as Error).cause;
      const status = statusOf(why);
      // An upload that is not there any more was ended by a try whose answer was lost.
      if (status === 412 || status === 409 || (why as Error).name === "NoSuchUpload") return false;
      if (status !== 501 || !isConditional) throw cause;
      isConditional = false;
      return unlessTaken(key, store);
    }
  }

  async function putWhole(key: string, { file, content, mediaType }: Draft): Promise<void> {
    const bytes = await readFile(file);
    await insist(doing("Storing a file", bytes.length), (abortSignal) =>
      client.send(
        new PutObjectCommand({
          ...{ ...at(key), ...condition(), Body: bytes, ContentMD5: md5Of(bytes) },
          ...{ ContentType: mediaType, Metadata: { sha256: content.sha256 } },
        }),
        { abortSignal },
      ),
    );
  }

  async function putParts(key: string, { file, content, mediaType }: Draft): Promise<void> {
    const { UploadId } = await insist(doing("Storing a file"), (abortSignal) =>
      client.send(
        new CreateMultipartUploadCommand({
          ...{ ...at(key), ContentType: mediaType, Metadata: { sha256: content.sha256 } },
        }),
        { abortSignal },
      ),
    );
    const handle = await open(file);
    try {
      const parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for (let start = 0; start < content.bytes; start += PART_BYTES) {
        const part = Buffer.alloc(Math.min(PART_BYTES, content.bytes - start));
        await handle.read(part, 0, part.length, start);
        const PartNumber = parts.length + 1;
        const { ETag } = await insist(doing("Storing a file", part.length), (abortSignal) =>
          client.send(
            new UploadPartCommand({
              ...{ ...at(key), UploadId, PartNumber, Body: part, ContentMD5: md5Of(part) },
            }),
            { abortSignal },
          ),
        );
        parts.push({ ETag, PartNumber });
      }
      // Putting the parts together may take S3 minutes.
      await insist(doing("Storing a file", content.bytes), (abortSignal) =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...{ ...at(key), ...condition(), UploadId, MultipartUpload: { Parts: parts } },
          }),
          { abortSignal },
        ),
      );
    } catch (cause) {
      // What can't be dropped now is dropped by a sweep.
      await client
        .send(new AbortMultipartUploadCommand({ ...at(key), UploadId }))
        .catch(() => undefined);
      throw cause;
    } finally {
      await handle.close();
    }
  }

  return {
    check,
    find,
    async read(found, range = { start: 0, end: found.bytes - 1 }) {
      if (found.bytes === 0) return Readable.from([]);
      const first = await begin(found, range);
      if (!first) return undefined;
      const stream = Readable.from(through(found, range, first), { objectMode: false });
      // Nobody may ever begin to read: the client has gone.
      return stream.once("close", () => first.destroy());
    },
    put: (key, draft) =>
      unlessTaken(key, () =>
        draft.content.bytes > PART_BYTES ? putParts(key, draft) : putWhole(key, draft),
      ),
    async remove(key) {
      await insist(doing("Removing a file"), (abortSignal) =>
        client.send(new DeleteObjectCommand(at(key)), { abortSignal }),
      );
    },
    async *list(below, before) {
      let ContinuationToken: string | undefined;
      do {
        const page = await insist(doing("Listing files"), (abortSignal) =>
          client.send(
            new ListObjectsV2Command({
              ...{ Bucket, Prefix: prefix + below },
              ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
            }),
            { abortSignal },
          ),
        );
        for (const { Key = "", LastModified } of page.Contents ?? [])
          if (!LastModified || LastModified < before) yield Key.slice(prefix.length);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },
    async dropUnfinished(below, before) {
      const { Uploads = [] } = await insist(doing("Listing what is unfinished"), (abortSignal) =>
        client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix + below }), {
          abortSignal,
        }),
      );
      for (const { Key, UploadId, Initiated } of Uploads)
        if (Initiated && Initiated < before)
          await insist(doing("Dropping what is unfinished"), (abortSignal) =>
            client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), {
              abortSignal,
            }),
          );
    },
    async sign(key, forMs) {
      const endpoint = address.signed?.endpoint;
      const signer = new S3Client(configOf({ ...address, ...(endpoint ? { endpoint } : {}) }));
      return getSignedUrl(signer, new GetObjectCommand(at(key)), { expiresIn: forMs / 1000 });
    },
    close: () => client.destroy(),
  };
}
