import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream, createWriteStream } from "node:fs";
import { copyFile, link, lstat, mkdir, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { flushDirectory, flushFile } from "./flush.ts";
import { resolveInside, segmentsOf } from "./paths.ts";
import type { Meshes, PublishOutcome, RunFiles, Uploads } from "./run-files.ts";

/** Where a server keeps its files. */
export interface Directories {
  /** Ours alone: uploads, and work in progress. */
  readonly dataDir: string;
  /** Where meshes are published; may belong to another program too. */
  readonly workspaceDir: string;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function sameBytes(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([stat(a), stat(b)]);
  return one.size === other.size && (await sha256(a)) === (await sha256(b));
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
    if (await lstat(to).catch(() => undefined))
      throw Object.assign(new Error("exists"), { code: "EEXIST" }, { cause });
    await rename(from, to);
  }
}

function createUploads(directory: string): Uploads {
  const pathOf = (key: string) => path.join(directory, key);
  return {
    pathOf,
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
      try {
        await pipeline(
          picture,
          measure,
          createWriteStream(pathOf(key), { flags: "wx", flush: true }),
        );
        await flushDirectory(directory);
      } catch (cause) {
        await rm(pathOf(key), { force: true });
        throw cause;
      }
      return { key, bytes, sha256: hash.digest("hex") };
    },
    async remove(key) {
      await rm(pathOf(key), { force: true });
    },
  };
}

function createMeshes({
  workspaceDir,
  staging,
}: {
  workspaceDir: string;
  staging: string;
}): Meshes {
  async function place(file: string, workspacePath: string): Promise<PublishOutcome> {
    const segments = segmentsOf(workspacePath);
    if (!segments) return { ok: false, reason: "invalid", why: "not a path of the workspace" };
    const target = path.join(workspaceDir, ...segments);
    const directory = path.dirname(target);
    await mkdir(directory, { recursive: true });
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
      return { ok: true, fresh: true };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      return (await lstat(target)).isFile() && (await sameBytes(file, target))
        ? { ok: true, fresh: false }
        : { ok: false, reason: "taken", why: "another file has this name" };
    } finally {
      await rm(staged, { force: true });
    }
  }
  return {
    publish: place,
    async find(workspacePath) {
      const file = await resolveInside(workspaceDir, workspacePath);
      if (!file) return undefined;
      const found = await stat(file).catch(() => undefined);
      return found?.isFile() ? { file, bytes: found.size, modifiedAt: found.mtime } : undefined;
    },
    async withdraw(workspacePath) {
      const file = await resolveInside(workspaceDir, workspacePath);
      if (file) await unlink(file).catch(() => undefined);
    },
  };
}

/** Begins the last part of a staged file's name, so that a sweep knows its own. */
const STAGED = "modly-runs-part";

async function removeStaged(workspaceDir: string): Promise<void> {
  const collections = await readdir(workspaceDir, { withFileTypes: true });
  for (const each of collections) {
    if (!each.isDirectory()) continue;
    const directory = path.join(workspaceDir, each.name);
    for (const name of await readdir(directory))
      if (name.startsWith(".") && name.endsWith(`.${STAGED}`))
        await rm(path.join(directory, name), { force: true });
  }
}

/** Keeps everything in two directories, which it makes where they are missing. */
export async function createDirectoryFiles({
  dataDir,
  workspaceDir,
}: Directories): Promise<RunFiles> {
  const uploads = path.join(dataDir, "uploads");
  const tmp = path.join(dataDir, "tmp");
  for (const directory of [uploads, tmp, workspaceDir]) await mkdir(directory, { recursive: true });

  return {
    uploads: createUploads(uploads),
    meshes: createMeshes({ workspaceDir, staging: STAGED }),
    async workDir(runId) {
      const directory = path.join(tmp, runId);
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
      return directory;
    },
    async removeWorkDir(runId) {
      await rm(path.join(tmp, runId), { recursive: true, force: true, maxRetries: 3 });
    },
    async sweep(uploadsInUse) {
      await rm(tmp, { recursive: true, force: true });
      await mkdir(tmp);
      for (const key of await readdir(uploads))
        if (!uploadsInUse.has(key)) await rm(path.join(uploads, key), { force: true });
      await removeStaged(workspaceDir);
    },
  };
}
