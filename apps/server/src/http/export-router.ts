import path from "node:path";
import { pipeline } from "node:stream";

import { EXPORT_FORMATS, type ExportFormat } from "@modly-runs/contract/companion";
import { Router } from "express";

import { convertMesh } from "../files/formats/index.ts";
import { segmentsOf } from "../files/paths.ts";
import type { Meshes } from "../files/run-files.ts";
import { refuse } from "./problems.ts";

const isFormat = (name: string): name is ExportFormat => Object.hasOwn(EXPORT_FORMATS, name);

/** Serves a finished mesh in another format: `/export/stl?path=<workspace_path>`. */
export function createExportRouter(meshes: Meshes): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get("/export/:format", (req, res, next) => {
    void (async () => {
      const { format } = req.params;
      if (!isFormat(format))
        return refuse(
          res,
          "unknown_format",
          `There is no format ${JSON.stringify(format.slice(0, 20))}. There is ${Object.keys(EXPORT_FORMATS).join(", ")}.`,
        );
      const workspacePath = req.query["path"];
      if (typeof workspacePath !== "string" || !segmentsOf(workspacePath))
        return refuse(
          res,
          "invalid_path",
          "Say which mesh: ?path= takes a run's scene_candidate.workspace_path.",
        );
      const mesh = await meshes.find(workspacePath);
      if (!mesh) return refuse(res, "file_not_found", "There is no such file in the workspace.");

      const name = `${path.parse(mesh.file).name}.${format}`;
      res.setHeader("Content-Type", EXPORT_FORMATS[format]);
      res.setHeader("Content-Disposition", `attachment; filename="${name}"`);
      if (format === "glb" && path.extname(mesh.file).toLowerCase() === ".glb")
        return void res.sendFile(mesh.file, { dotfiles: "allow", cacheControl: false });
      const stream = format === "glb" ? undefined : await convertMesh(mesh.file, format);
      if (stream) return void pipeline(stream, res, () => {});
      res.removeHeader("Content-Disposition");
      refuse(
        res,
        "unknown_format",
        `This mesh can't be written as ${format}: only triangles of a binary glTF can.`,
      );
    })().catch(next);
  });
  return router;
}
