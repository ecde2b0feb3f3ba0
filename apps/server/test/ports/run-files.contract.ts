import { randomBytes } from "node:crypto";
import { access, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { RunFiles } from "../../src/files/run-files.ts";

/** A place for files that outlives the adapter which writes to it. */
export interface FilesPlace {
  open(): Promise<RunFiles>;
  /** Everything published or staged, relative to the workspace. */
  published(): Promise<string[]>;
  uploads(): Promise<string[]>;
  remove(): Promise<void>;
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

const textOf = (stream: Readable | undefined) => text(stream ?? Readable.from(["nothing there"]));

/** What every adapter for files must do. */
export function describeRunFiles(name: string, makePlace: () => Promise<FilesPlace>): void {
  describe(`the run files of ${name}`, () => {
    let place: FilesPlace;
    let files: RunFiles;
    beforeEach(async () => {
      place = await makePlace();
      files = await place.open();
    });
    afterEach(() => place.remove());

    async function write(bytes: Buffer | string): Promise<string> {
      const file = path.join(await files.workDir("w"), "mesh.glb");
      await writeFile(file, bytes);
      return file;
    }

    it("keeps an upload as it came, with its size and digest", async () => {
      const bytes = randomBytes(300_000);
      const upload = await files.uploads.receive(
        Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]),
      );
      const isSame = async (file: string) => (await readFile(file)).equals(bytes);
      expect(await isSame(upload.file)).toBe(true);
      await files.uploads.keep(upload.key);
      // Another node works on its run.
      const elsewhere = await place.open();
      const workDir = await elsewhere.workDir("w");
      expect(await isSame(await elsewhere.uploads.fetch(upload.key, workDir))).toBe(true);
      expect(upload.bytes).toBe(bytes.length);
      expect(upload.sha256).toMatch(/^[\da-f]{64}$/);
      await files.uploads.remove(upload.key);
      await files.uploads.remove(upload.key);
      expect(await place.uploads()).toEqual([]);
    });

    it("leaves nothing of an upload that breaks off", async () => {
      const broken = new Readable({ read() {} });
      broken.push("half of it");
      const received = files.uploads.receive(broken);
      broken.destroy(new Error("gone"));
      await expect(received).rejects.toThrow("gone");
      expect(await place.uploads()).toEqual([]);
    });

    it("publishes a whole file, and takes it back", async () => {
      const file = await write("mesh");
      const content = await files.meshes.contentOf(file);
      expect(await files.meshes.holds("Default/a.glb", content)).toBe(false);
      expect(await files.meshes.isTaken("Default/a.glb")).toBe(false);
      expect(await files.meshes.publish(file, "Default/a.glb")).toEqual({ ok: true });
      expect(await files.meshes.isTaken("Default/a.glb")).toBe(true);
      expect(await files.meshes.holds("Default/a.glb", content)).toBe(true);
      const other = { ...content, sha256: "0".repeat(64) };
      expect(await files.meshes.holds("Default/a.glb", other)).toBe(false);
      const found = await files.meshes.find("Default/a.glb");
      expect(await textOf(await found!.open())).toBe("mesh");
      expect(await textOf(await found!.open({ start: 1, end: 2 }))).toBe("es");
      const asFile = found!.asFile(await files.workDir("w"), (copy) => readFile(copy, "utf8"));
      expect(await asFile).toBe("mesh");
      expect(found!.bytes).toBe(4);
      expect(await place.published()).toEqual(["Default/a.glb"]);
      await files.meshes.withdraw("Default/a.glb", other);
      expect(await place.published()).toEqual(["Default/a.glb"]);
      await files.meshes.withdraw("Default/a.glb", content);
      await files.meshes.withdraw("Default/a.glb", content);
      expect(await files.meshes.find("Default/a.glb")).toBeUndefined();
      expect(await found!.open()).toBeUndefined();
      expect(await place.published()).toEqual([]);
    });

    it("never replaces what has the name already", async () => {
      await files.meshes.publish(await write("mesh"), "Default/a.glb");
      expect(await files.meshes.publish(await write("mesh"), "Default/a.glb")).toEqual({
        ok: true,
      });
      expect(await files.meshes.publish(await write("other"), "Default/a.glb")).toMatchObject({
        ok: false,
        reason: "taken",
      });
      const found = await files.meshes.find("Default/a.glb");
      expect(await textOf(await found!.open())).toBe("mesh");
      expect(await place.published()).toEqual(["Default/a.glb"]);
    });

    it.each([
      "",
      "/",
      "..",
      "../a.glb",
      "Default/../../a.glb",
      "/etc/passwd",
      "Default//a.glb",
      "Default/",
      "Default\\a.glb",
      "C:/a.glb",
      "C:\\a.glb",
      "\\\\host\\share",
      "Default/a\0.glb",
      "Default/.hidden",
      "Default/nul.glb",
      "Default/a.",
      "./a.glb",
      "Default/%2e%2e/a.glb",
    ])("takes %j for no path of the workspace", async (workspacePath) => {
      expect(await files.meshes.find(workspacePath)).toBeUndefined();
      expect(await files.meshes.publish(await write("mesh"), workspacePath)).toMatchObject({
        ok: false,
        reason: "invalid",
      });
      expect(await place.published()).toEqual([]);
    });

    it("finds nothing outside the workspace by any path", async () => {
      const secret = await write("secret");
      const pieces = fc.constantFrom(
        "..",
        ".",
        "",
        "a",
        "tmp",
        "w",
        "mesh.glb",
        "%2e%2e",
        "\\",
        "\0",
        "C:",
      );
      const separators = fc.constantFrom("/", "\\", "//", "/./");
      const paths = fc
        .array(fc.tuple(pieces, separators), { maxLength: 8 })
        .map((parts) => parts.flat().join(""));
      await fc.assert(
        fc.asyncProperty(fc.oneof(paths, fc.string()), async (workspacePath) => {
          expect(await files.meshes.find(workspacePath)).toBeUndefined();
        }),
      );
      expect(await exists(secret)).toBe(true);
    });

    it("gives each attempt a directory of its own, empty", async () => {
      const first = await files.workDir("a");
      await writeFile(path.join(first, "left"), "over");
      expect(await readdir(await files.workDir("a"))).toEqual([]);
      expect(await files.workDir("b")).not.toBe(first);
      await files.removeWorkDir("a");
      await files.removeWorkDir("a");
      expect(await exists(first)).toBe(false);
    });

    it("publishes once, however many want the name at once, and one reader sees one file", async () => {
      const bodies = ["first", "second", "third", "fourth"].map((word) => word.repeat(20_000));
      const drafts = await Promise.all(
        bodies.map(async (body, at) => {
          const file = path.join(await files.workDir(`w${at}`), "mesh.glb");
          await writeFile(file, body);
          return file;
        }),
      );
      const seen = new Set<string>();
      const published = new AbortController();
      const reading = (async () => {
        while (!published.signal.aborted) {
          const found = await files.meshes.find("Default/a.glb");
          if (found) seen.add(await textOf(await found.open()));
        }
      })();
      const outcomes = await Promise.all(
        drafts.map((file) => files.meshes.publish(file, "Default/a.glb")),
      );
      const found = await files.meshes.find("Default/a.glb");
      seen.add(await textOf(await found!.open()));
      published.abort();
      await reading;
      const winner = outcomes.findIndex(({ ok }) => ok);
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
      expect([...seen]).toEqual([bodies[winner]]);
      expect(await place.published()).toEqual(["Default/a.glb"]);
    });

    it("leaves what others may be at when it sweeps among them", async () => {
      const left = await files.uploads.receive(Readable.from(["left"]));
      await files.uploads.keep(left.key);
      await files.sweep(new Set(), 3_600_000);
      expect(await place.uploads()).toEqual([left.key]);
      await files.sweep(new Set([left.key]), -1000);
      expect(await place.uploads()).toEqual([left.key]);
      // As if it were an hour later.
      await files.sweep(new Set(), -1000);
      expect(await place.uploads()).toEqual([]);
    });

    it("sweeps what a crash left, and only that", async () => {
      const used = await files.uploads.receive(Readable.from(["used"]));
      const left = await files.uploads.receive(Readable.from(["left"]));
      for (const { key } of [used, left]) await files.uploads.keep(key);
      await files.meshes.publish(await write("mesh"), "Default/a.glb");
      files = await place.open();
      await files.sweep(new Set([used.key]));
      expect(await place.uploads()).toEqual([used.key]);
      expect(await place.published()).toEqual(["Default/a.glb"]);
      expect(await readdir(await files.workDir("w"))).toEqual([]);
    });
  });
}
