import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect, it } from "vitest";

import { createDirectoryFiles } from "../../src/files/directory.ts";
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

it("removes the parts that a crash left of a publishing", async () => {
  const place = await makePlace();
  await place.open();
  await mkdir(path.join(place.workspaceDir, "Default"));
  await writeFile(path.join(place.workspaceDir, "Default", ".x.modly-runs-part"), "half");
  await writeFile(path.join(place.workspaceDir, "Default", ".somebody-else"), "theirs");
  await (await place.open()).sweep(new Set());
  expect(await place.published()).toEqual(["Default/.somebody-else"]);
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
