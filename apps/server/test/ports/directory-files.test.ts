import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";

import { expect, it } from "vitest";

import { createDirectoryFiles, stagingOf } from "../../src/files/directory.ts";
import { shareFlushes } from "../../src/files/flush.ts";
import { lockDirectory } from "../../src/files/lock.ts";
import { describeRunFiles } from "./run-files.contract.ts";

async function makePlace() {
  const dataDir = await mkdtemp(path.join(tmpdir(), "modly-runs-files-"));
  const workspaceDir = path.join(dataDir, "workspace");
  return {
    dataDir,
    workspaceDir,
    open: () => createDirectoryFiles({ dataDir, workspaceDir }),
    published: async () => {
      const entries = await readdir(workspaceDir, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) =>
          path
            .relative(workspaceDir, path.join(entry.parentPath, entry.name))
            .replaceAll("\\", "/"),
        );
    },
    uploads: () => readdir(path.join(dataDir, "uploads")),
    remove: () => rm(dataDir, { recursive: true }),
  };
}

describeRunFiles("a directory", makePlace);

it("follows no link out of the workspace, in or out", async () => {
  const place = await makePlace();
  const files = await place.open();
  await mkdir(path.join(place.dataDir, "outside"));
  await writeFile(path.join(place.dataDir, "outside", "secret.glb"), "secret");
  await symlink(path.join(place.dataDir, "outside"), path.join(place.workspaceDir, "Away"));
  await mkdir(path.join(place.workspaceDir, "Default"));
  await symlink(
    path.join(place.dataDir, "outside", "secret.glb"),
    path.join(place.workspaceDir, "Default", "in.glb"),
  );
  expect(await files.meshes.find("Away/secret.glb")).toBeUndefined();
  expect(await files.meshes.find("Default/in.glb")).toBeUndefined();
  const mesh = path.join(await files.workDir("w"), "mesh.glb");
  await writeFile(mesh, "mesh");
  expect(await files.meshes.publish(mesh, "Away/mesh.glb")).toMatchObject({
    ok: false,
    reason: "invalid",
  });
  expect(await readdir(path.join(place.dataDir, "outside"))).toEqual(["secret.glb"]);
  await place.remove();
});

it("removes the parts that a crash of its own server left of a publishing", async () => {
  const place = await makePlace();
  await place.open();
  const collection = path.join(place.workspaceDir, "Default");
  await mkdir(collection);
  const others = await mkdtemp(path.join(tmpdir(), "modly-runs-files-"));
  await writeFile(path.join(collection, `.x.${await stagingOf(place.dataDir)}`), "half");
  await writeFile(path.join(collection, `.x.${await stagingOf(others)}`), "another server's");
  await writeFile(path.join(collection, ".somebody-else"), "theirs");
  await (await place.open()).sweep(new Set());
  expect((await place.published()).toSorted()).toEqual([
    "Default/.somebody-else",
    `Default/.x.${await stagingOf(others)}`,
  ]);
  await rm(others, { recursive: true });
  await place.remove();
});

it("keeps what clients sent from other users of the machine", async () => {
  const place = await makePlace();
  await chmod(place.dataDir, 0o755);
  const files = await place.open();
  const { file } = await files.uploads.receive(Readable.from([Buffer.from("picture")]));
  const modeOf = async (file: string) => (await stat(file)).mode & 0o777;
  expect(await modeOf(place.dataDir)).toBe(0o700);
  expect(await modeOf(path.dirname(file))).toBe(0o700);
  expect(await modeOf(file)).toBe(0o600);
  await place.remove();
});

/** The paths that are flushed while `work` goes on. */
async function flushedBy(work: () => Promise<unknown>): Promise<string[]> {
  const handle = await open(tmpdir(), "r");
  const prototype = Object.getPrototypeOf(handle) as { sync(this: FileHandle): Promise<void> };
  await handle.close();
  const { sync } = prototype;
  const flushed: string[] = [];
  prototype.sync = async function record() {
    flushed.push(await readlink(`/proc/self/fd/${this.fd}`));
    await sync.call(this);
  };
  try {
    await work();
  } finally {
    prototype.sync = sync;
  }
  return flushed;
}

it.runIf(process.platform === "linux")("flushes the name of a new collection too", async () => {
  const place = await makePlace();
  const files = await place.open();
  const mesh = path.join(await files.workDir("w"), "mesh.glb");
  await writeFile(mesh, "mesh");
  const flushed = await flushedBy(() => files.meshes.publish(mesh, "New/Deeper/mesh.glb"));
  const { workspaceDir } = place;
  expect(flushed).toEqual(
    expect.arrayContaining([
      workspaceDir,
      path.join(workspaceDir, "New"),
      path.join(workspaceDir, "New", "Deeper"),
    ]),
  );
  await place.remove();
});

it("lets one server at a time work on a data directory", async () => {
  const { dataDir, remove } = await makePlace();
  const held = lockDirectory(dataDir);
  expect(held).toBeDefined();
  expect(lockDirectory(dataDir)).toBeUndefined();
  held!.release();
  const again = lockDirectory(dataDir);
  expect(again).toBeDefined();
  again!.release();
  await remove();
});

it.runIf(process.platform === "linux")(
  "shares flushes among those that ask meanwhile, never one that began before",
  async () => {
    const place = await makePlace();
    await place.open();
    const flush = shareFlushes(place.dataDir);
    const ends: string[] = [];
    const ask = (who: string) => flush().then(() => void ends.push(who));
    const flushed = await flushedBy(async () => {
      const first = ask("first");
      // The first is under way: these share the one after it.
      await Promise.all([first, ask("second"), ask("third"), ask("fourth")]);
      await ask("late");
    });
    expect(flushed).toEqual([place.dataDir, place.dataDir, place.dataDir]);
    expect(ends).toEqual(["first", "second", "third", "fourth", "late"]);
    await place.remove();
  },
);
