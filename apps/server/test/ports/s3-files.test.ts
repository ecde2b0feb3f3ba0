import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { FilesAway } from "../../src/files/away.ts";
import { createDirectoryFiles } from "../../src/files/directory.ts";
import type { RunFiles } from "../../src/files/run-files.ts";
import { readS3Address } from "../../src/files/s3/address.ts";
import { createS3Files } from "../../src/files/s3/index.ts";
import { type FaultProxy, startFaultProxy } from "../support/services/fault-proxy.ts";
import { filesUrlOf, type ObjectStorage, startObjectStorage } from "../support/services/s3.ts";
import { describeRunFiles } from "./run-files.contract.ts";

let storage: ObjectStorage;
beforeAll(async () => {
  storage = await startObjectStorage();
});
afterAll(() => storage.stop());

/** Keys of a bucket below a prefix, as S3 lists them. */
async function keysIn(bucket: string, below: string): Promise<string[]> {
  const answer = await fetch(`${storage.endpoint}/${bucket}?list-type=2&prefix=${below}`);
  return [...(await answer.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) =>
    key.slice(below.length),
  );
}

async function makePlace(endpoint = storage.endpoint, more = "") {
  const bucket = `b-${randomUUID()}`;
  await storage.makeBucket(bucket);
  const url = `s3://key:secret@${bucket}/some/where${new URL(filesUrlOf(bucket, endpoint)).search}${more}`;
  const address = readS3Address(url);
  if (typeof address === "string") throw new Error(address);
  const directories: string[] = [];
  return {
    bucket,
    // Each time as another node, with a directory of its own.
    async open(): Promise<RunFiles> {
      const dataDir = await mkdtemp(path.join(tmpdir(), "modly-runs-s3-"));
      directories.push(dataDir);
      const workspaceDir = path.join(dataDir, "workspace");
      return createS3Files(await createDirectoryFiles({ dataDir, workspaceDir }), address);
    },
    published: () => keysIn(bucket, "some/where/workspace/"),
    uploads: () => keysIn(bucket, "some/where/uploads/"),
    async remove() {
      for (const directory of directories) await rm(directory, { recursive: true });
    },
  };
}

describeRunFiles("a bucket", makePlace);

describe("a bucket", () => {
  let place: Awaited<ReturnType<typeof makePlace>>;
  let files: RunFiles;
  let proxy: FaultProxy;
  beforeEach(async () => {
    proxy = await startFaultProxy(storage.endpoint);
    place = await makePlace(proxy.url, "&timeout=1s");
    files = await place.open();
  });
  afterEach(async () => {
    await place.remove();
    await proxy.stop();
  });
  async function draft(bytes: Buffer | string): Promise<string> {
    const file = path.join(await files.workDir("w"), "mesh.glb");
    await writeFile(file, bytes);
    return file;
  }

  it("takes a file that goes in parts, whole or not at all", async () => {
    const bytes = randomBytes(20 * 1024 ** 2);
    const file = await draft(bytes);
    expect(await files.meshes.publish(file, "Default/large.glb")).toEqual({ ok: true });
    expect(proxy.seen.filter((each) => each.includes("partNumber="))).toHaveLength(3);
    const found = await files.meshes.find("Default/large.glb");
    expect((await buffer((await found!.open())!)).equals(bytes)).toBe(true);
    const part = await buffer((await found!.open({ start: 9_000_000, end: 18_000_000 }))!);
    expect(part.equals(bytes.subarray(9_000_000, 18_000_001))).toBe(true);
    expect(await files.meshes.publish(await draft("small"), "Default/large.glb")).toMatchObject({
      reason: "taken",
    });
  });

  it("never has a picture that nobody wanted to keep", async () => {
    const upload = await files.uploads.receive(Readable.from(["refused"]));
    await files.uploads.remove(upload.key);
    expect(proxy.seen.filter((each) => /^(PUT|DELETE)/.test(each))).toEqual([]);
    await expect(readFile(upload.file)).rejects.toThrow("ENOENT");
  });

  it.each(["500", "hang", "cut"] as const)("is asked again after a %s", async (fault) => {
    await files.meshes.publish(await draft("mesh".repeat(100_000)), "Default/a.glb");
    proxy.fail(fault, 1);
    const found = await files.meshes.find("Default/a.glb");
    proxy.fail(fault, 1);
    expect(await text((await found!.open())!)).toBe("mesh".repeat(100_000));
    proxy.fail(fault, 1);
    expect(await files.meshes.publish(await draft("other"), "Default/b.glb")).toEqual({ ok: true });
    expect((await place.published()).toSorted()).toEqual(["Default/a.glb", "Default/b.glb"]);
  });

  it.each([
    ["500", /S3 answered 500/],
    ["hang", /S3 did not answer within 1 s, 3 times/],
    ["cut", /S3 can't be reached/],
  ] as const)("is away, and not empty, while it answers with %s", async (fault, sentence) => {
    await files.meshes.publish(await draft("mesh"), "Default/a.glb");
    const found = await files.meshes.find("Default/a.glb");
    const upload = await files.uploads.receive(Readable.from(["picture"]));
    proxy.fail(fault);
    const attempts = [
      files.meshes.find("Default/a.glb"),
      found!.open(),
      files.uploads.keep(upload.key),
      files.meshes.holds("Default/a.glb", { sha256: "0", bytes: 4 }),
    ];
    for (const { status, reason } of (await Promise.allSettled(
      attempts,
    )) as PromiseRejectedResult[])
      expect([status, reason]).toEqual(["rejected", expect.any(FilesAway)]);
    await expect(attempts[0]).rejects.toThrow(sentence);
    proxy.fail("none");
    expect(await place.published()).toEqual(["Default/a.glb"]);
  });

  it("may break off while nobody reads, or nobody reads any more", async () => {
    const [part, size] = ["mesh", 100_000];
    await files.meshes.publish(await draft(part.repeat(size)), "Default/a.glb");
    const found = await files.meshes.find("Default/a.glb");
    // More than a client of S3 has connections by itself.
    for (let count = 0; count < 60; count++) (await found!.open())!.destroy();
    const slow: Readable[] = [];
    for (let count = 0; count < 60; count++) slow.push((await found!.open())!);
    const [left, later] = [(await found!.open())!, (await found!.open())!];
    for await (const chunk of left) if ((chunk as Buffer).length > 0) break;
    // Cuts every connection.
    proxy.fail("none");
    expect(await text(later)).toHaveLength(part.length * size);
    for (const each of slow) each.destroy();
  });

  it("takes a mesh once it answers again", async () => {
    const file = await draft("mesh");
    proxy.fail("500", 5);
    expect(await files.meshes.publish(file, "Default/a.glb")).toEqual({ ok: true });
    expect(await place.published()).toEqual(["Default/a.glb"]);
  });

  it("is not begun with where it is not there", async () => {
    const { endpoint } = storage;
    const address = readS3Address(`s3://key:secret@nobodys?endpoint=${endpoint}`);
    if (typeof address === "string") throw new Error(address);
    const local = await createDirectoryFiles({
      dataDir: await files.workDir("d"),
      workspaceDir: await files.workDir("w"),
    });
    await expect(createS3Files(local, address)).rejects.toThrow(
      "Looking for the bucket nobodys: S3 answered 404 NotFound.",
    );
  });

  it("gives addresses from which anybody may fetch a mesh for a while, where it is told to", async () => {
    const signing = await makePlace(storage.endpoint, "&signed=90s");
    files = await signing.open();
    await files.meshes.publish(await draft("mesh"), "Default/a.glb");
    const found = await files.meshes.find("Default/a.glb");
    const address = new URL(await found!.address!());
    expect(address.searchParams.get("X-Amz-Expires")).toBe("90");
    const answer = await fetch(address);
    expect(answer.headers.get("content-type")).toBe("model/gltf-binary");
    expect(await answer.text()).toBe("mesh");
    await signing.remove();
  });

  it("leaves nothing on the disk of the machine but what is worked on", async () => {
    const upload = await files.uploads.receive(Readable.from(["picture"]));
    await files.uploads.keep(upload.key);
    const workDir = await files.workDir("w");
    await files.uploads.fetch(upload.key, workDir);
    expect(await readdir(path.dirname(upload.file))).toEqual([]);
    expect(await readdir(workDir)).toHaveLength(1);
  });
});

describe("the address of a bucket", () => {
  it.each([
    ["s3://bucket", { bucket: "bucket", prefix: "", timeoutMs: 5000, signed: null }],
    ["s3://bucket/", { prefix: "" }],
    ["s3://bucket/a/b", { prefix: "a/b/" }],
    ["s3://bucket/a/b/?region=eu-west-1", { prefix: "a/b/", region: "eu-west-1" }],
    [
      "s3://key:sec%2Fret@bucket?endpoint=http://127.0.0.1:9000&timeout=2",
      {
        endpoint: "http://127.0.0.1:9000",
        credentials: { accessKeyId: "key", secretAccessKey: "sec/ret" },
        timeoutMs: 2000,
      },
    ],
    [
      "s3://bucket?signed=15m&signed-endpoint=https://files.example",
      { signed: { forMs: 900_000, endpoint: "https://files.example" } },
    ],
  ])("%s is read", (url, expected) => {
    expect(readS3Address(url)).toMatchObject(expected);
  });
  it.each([
    ["s3://", /name a bucket/],
    ["s3://UPPER_case", /name a bucket/],
    ["s3://bucket?endpoint=9000", /http address as its endpoint/],
    ["s3://bucket?timeout=soon", /a time such as 5s/],
    ["s3://bucket?signed=0s", /a time such as 5s/],
    ["s3://bucket?sign=1m", /knows no "sign"/],
    ["s3://key@bucket", /a secret with its key/],
  ])("%s is refused", (url, why) => {
    expect(readS3Address(url)).toMatch(why);
  });
});
