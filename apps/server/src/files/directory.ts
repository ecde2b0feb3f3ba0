import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream, createWriteStream, type Stats } from "node:fs";
import {
  chmod,
  copyFile,
  link,
  lstat,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { undefinedIfAbsent } from "./absent.ts";
import { flushDirectory, flushFile, shareFlushes } from "./flush.ts";
import { resolveInside, segmentsOf } from "./paths.ts";
import type {
  Content,
  Meshes,
  PublishOutcome,
  RunFiles,
  StoredMesh,
  Uploads,
} from "./run-files.ts";

/** Where a server keeps its files. */
export interface Directories {
  /** Ours alone: uploads, and work in progress. */
  readonly dataDir: string;
  /** Where meshes are published; may belong to another program too. */
  readonly workspaceDir: string;
}

/** What clients sent is nobody else's business on this machine. */
const OURS_ALONE = { directory: 0o700, file: 0o600 };

/** What is in a file of this machine. */
export async function contentOf(file: string): Promise<Content> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

async function hasContent(file: string, { sha256, bytes }: Content): Promise<boolean> {
  const found = await lstat(file).catch(undefinedIfAbsent);
  if (!found?.isFile() || found.size !== bytes) return false;
  return (await contentOf(file)).sha256 === sha256;
}

/** Makes a directory that survives a power cut: whoever flushes only what is in it loses it with its name. */
async function makeDirectory(directory: string, mode?: number): Promise<void> {
  const first = await mkdir(directory, { recursive: true, ...(mode ? { mode } : {}) });
  if (first === undefined) return;
  // From the one that was there already down to the new one's own parent.
  for (let at = path.dirname(directory); ; at = path.dirname(at)) {
    await flushDirectory(at);
    if (at === path.dirname(first) || at === path.dirname(at)) return;
  }
}

/** Puts a file in a place that must be free: EEXIST where it is not. */
async function linkOrRename(from: string, to: string): Promise<void> {
  try {
    // `link` refuses to replace what is there, which `rename` would do without a word.
    await link(from, to);
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].includes(code)) throw cause;
    // A file system without links: names carry the run's id, so nobody else takes this one meanwhile.
    if (await lstat(to).catch(undefinedIfAbsent))
      throw Object.assign(new Error("exists"), { code: "EEXIST" }, { cause });
    await rename(from, to);
  }
}

function createUploads(directory: string): Uploads {
  const pathOf = (key: string) => path.join(directory, key);
  const flushNames = shareFlushes(directory);
  return {
    async keep() {
      // It is where it stays.
    },
    async fetch(key) {
      return pathOf(key);
    },
    async receive(picture) {
      const key = randomUUID();
      const hash = createHash("sha256");
      let bytes = 0;
      const measure = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          bytes += chunk.length;
          done(null, chunk);
        },
      });
      const target = createWriteStream(pathOf(key), {
        ...{ flags: "wx", flush: true, mode: OURS_ALONE.file },
      });
      // All is written and its name is there: both are flushed at once.
      const named = new Promise<void>((resolve, reject) => {
        target.once("finish", () => {
          flushNames().then(resolve, reject);
        });
        target.once("error", reject);
      });
      try {
        await Promise.all([pipeline(picture, measure, target), named]);
      } catch (cause) {
        // A file that is still being opened would be there again once it is removed.
        if (!target.closed)
          await new Promise<void>((resolve) => {
            target.destroy().once("close", () => resolve());
          });
        await rm(pathOf(key), { force: true });
        throw cause;
      }
      return { key, file: pathOf(key), bytes, sha256: hash.digest("hex") };
    },
    async remove(key) {
      await rm(pathOf(key), { force: true });
    },
  };
}

/** A published mesh is never written again, and a replaced one has another size or time. */
function storedAt(file: string, { size, mtime }: Stats): StoredMesh {
  return {
    tag: `${size.toString(16)}-${mtime.getTime().toString(16)}`,
    bytes: size,
    modifiedAt: mtime,
    async open(range) {
      const stream = createReadStream(file, range);
      return new Promise((resolve, reject) => {
        stream.once("open", () => resolve(stream));
        stream.once("error", (cause) => {
          try {
            resolve(undefinedIfAbsent(cause));
          } catch {
            reject(cause);
          }
        });
      });
    },
    asFile: (_directory, work) => work(file),
  };
}

function createMeshes({
  workspaceDir,
  staging,
}: {
  workspaceDir: string;
  staging: string;
}): Meshes {
  const flushed = new Set([workspaceDir]);
  async function place(file: string, workspacePath: string): Promise<PublishOutcome> {
    const segments = segmentsOf(workspacePath);
    if (!segments) return { ok: false, reason: "invalid", why: "not a path of the workspace" };
    const target = path.join(workspaceDir, ...segments);
    const directory = path.dirname(target);
    await makeDirectory(directory);
    // Another run may have made it a moment ago, and not have flushed its name yet.
    if (!flushed.has(directory)) await flushDirectory(path.dirname(directory));
    flushed.add(directory);
    // A collection that is a link would let a mesh leave the workspace.
    if (
      segments.length > 1 &&
      !(await resolveInside(workspaceDir, segments.slice(0, -1).join("/")))
    )
      return { ok: false, reason: "invalid", why: "the collection leads out of the workspace" };
    // Hidden, and next to its target: a rename is only atomic on one file system.
    const staged = path.join(directory, `.${randomUUID()}.${staging}`);
    try {
      await copyFile(file, staged, constants.COPYFILE_FICLONE);
      await flushFile(staged);
      await linkOrRename(staged, target);
      await flushDirectory(directory);
      return { ok: true };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      return (await hasContent(target, await contentOf(file)))
        ? { ok: true }
        : { ok: false, reason: "taken", why: "another file has this name" };
    } finally {
      await rm(staged, { force: true });
    }
  }
  return {
    publish: place,
    isTaken: async (workspacePath) =>
      (await resolveInside(workspaceDir, workspacePath)) !== undefined,
    contentOf,
    async holds(workspacePath, content) {
      const file = await resolveInside(workspaceDir, workspacePath);
      return file !== undefined && (await hasContent(file, content));
    },
    async find(workspacePath) {
      const file = await resolveInside(workspaceDir, workspacePath);
      if (!file) return undefined;
      const found = await stat(file).catch(undefinedIfAbsent);
      return found?.isFile() ? storedAt(file, found) : undefined;
    },
    async withdraw(workspacePath, content) {
      const file = await resolveInside(workspaceDir, workspacePath);
      if (!file || (content && !(await hasContent(file, content)))) return;
      await rm(file, { force: true });
      await flushDirectory(path.dirname(file));
    },
  };
}

/** Ends a staged file's name; before it comes whose it is, so that a sweep leaves those of other servers. */
const STAGED = "modly-runs-part";

/** Names the server that works on a data directory, in a workspace that several may share. */
export async function stagingOf(dataDir: string): Promise<string> {
  const whose = createHash("sha256")
    .update(await realpath(dataDir))
    .digest("hex");
  return `${whose.slice(0, 16)}.${STAGED}`;
}

async function removeFrom(
  workspaceDir: string,
  isLeft: (file: string) => boolean | Promise<boolean>,
): Promise<void> {
  const collections = await readdir(workspaceDir, { withFileTypes: true });
  for (const each of collections) {
    if (!each.isDirectory()) continue;
    const directory = path.join(workspaceDir, each.name);
    for (const name of await readdir(directory))
      if (
        name.startsWith(".") &&
        name.endsWith(STAGED) &&
        (await isLeft(path.join(directory, name)))
      )
        await rm(path.join(directory, name), { force: true });
  }
}

const removeStaged = (workspaceDir: string, staging: string) =>
  removeFrom(workspaceDir, (file) => file.endsWith(`.${staging}`));

const isOlder = async (file: string, before: number) =>
  ((await stat(file).catch(undefinedIfAbsent))?.mtimeMs ?? before) < before;

/** Of whichever node: who began it so long ago is not at it any more. */
const removeParts = (workspaceDir: string, before: number) =>
  removeFrom(workspaceDir, (file) => isOlder(file, before));

/** Keeps everything in two directories, which it makes where they are missing. */
export async function createDirectoryFiles({
  dataDir,
  workspaceDir,
}: Directories): Promise<RunFiles> {
  const uploads = path.join(dataDir, "uploads");
  const tmp = path.join(dataDir, "tmp");
  await makeDirectory(dataDir, OURS_ALONE.directory);
  // Also one that was made before, by hand or by an earlier version.
  await chmod(dataDir, OURS_ALONE.directory);
  for (const directory of [uploads, tmp]) await makeDirectory(directory, OURS_ALONE.directory);
  await makeDirectory(workspaceDir);
  const staging = await stagingOf(dataDir);

  return {
    uploads: createUploads(uploads),
    meshes: createMeshes({ workspaceDir, staging }),
    async workDir(runId) {
      const directory = path.join(tmp, runId);
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
      return directory;
    },
    async removeWorkDir(runId) {
      await rm(path.join(tmp, runId), { recursive: true, force: true, maxRetries: 3 });
    },
    async sweep(uploadsInUse, olderThanMs) {
      const before = Date.now() - (olderThanMs ?? 0);
      for (const key of await readdir(uploads)) {
        const file = path.join(uploads, key);
        if (uploadsInUse.has(key)) continue;
        if (olderThanMs === undefined || (await isOlder(file, before)))
          await rm(file, { force: true });
      }
      if (olderThanMs !== undefined) return removeParts(workspaceDir, before);
      await rm(tmp, { recursive: true, force: true });
      await mkdir(tmp, { mode: OURS_ALONE.directory });
      await removeStaged(workspaceDir, staging);
    },
  };
}
