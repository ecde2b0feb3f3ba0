import path from "node:path";

import { EXPORT_FORMATS } from "@modly-runs/contract/companion";
import { Router } from "express";

import type { Meshes, StoredMesh } from "../files/run-files.ts";
import { refuse } from "./problems.ts";
import { NO_SUCH_FILE, sent } from "./sent.ts";

/** Media types of the mesh files a generator may write; anything else is bytes. */
const TYPES: Record<string, string> = {
  ...Object.fromEntries(Object.entries(EXPORT_FORMATS).map(([name, type]) => [`.${name}`, type])),
  ".gltf": "model/gltf+json",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

/** Strong: a published mesh is never written again, and a replaced one has another size or time. */
function etagOfMesh({ bytes, modifiedAt }: StoredMesh): string {
  return `"${bytes.toString(16)}-${modifiedAt.getTime().toString(16)}"`;
}

/** Serves finished meshes: whole or in ranges, never a listing, never from outside. */
export function createWorkspaceRouter(meshes: Meshes): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get("/workspace/*", (req, res, next) => {
    meshes
      .find(String((req.params as Record<string, string>)["0"]))
      .then((mesh) => {
        if (!mesh) return refuse(res, "file_not_found", NO_SUCH_FILE);
        res.setHeader(
          "Content-Type",
          TYPES[path.extname(mesh.file).toLowerCase()] ?? "application/octet-stream",
        );
        res.setHeader("ETag", etagOfMesh(mesh));
        res.sendFile(
          mesh.file,
          { etag: false, dotfiles: "allow", cacheControl: false },
          sent(res, next),
        );
      })
      .catch(next);
  });
  return router;
}
