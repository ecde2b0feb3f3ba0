import { Router } from "express";

import { mediaTypeOf } from "../files/media-types.ts";
import type { Meshes } from "../files/run-files.ts";
import { refuse } from "./problems.ts";
import { sendStored } from "./send-stored.ts";
import { NO_SUCH_FILE } from "./sent.ts";

/** Serves finished meshes: whole or in ranges, never a listing, never from outside. */
export function createWorkspaceRouter(meshes: Meshes): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get("/workspace/*", (req, res, next) => {
    void (async () => {
      const workspacePath = String((req.params as Record<string, string>)["0"]);
      const mesh = await meshes.find(workspacePath);
      if (!mesh) return refuse(res, "file_not_found", NO_SUCH_FILE);
      if (mesh.address) {
        res.setHeader("Cache-Control", "no-store");
        return res.redirect(307, await mesh.address());
      }
      await sendStored(res, mesh, { "Content-Type": mediaTypeOf(workspacePath) });
    })().catch(next);
  });
  return router;
}
