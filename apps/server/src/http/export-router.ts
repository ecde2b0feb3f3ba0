import path from "node:path";

import { EXPORT_FORMATS, type ExportFormat } from "@modly-runs/contract/companion";
import { Router } from "express";

import type { Exports } from "../exports/exports.ts";
import { segmentsOf } from "../files/paths.ts";
import type { Meshes } from "../files/run-files.ts";
import { refuse } from "./problems.ts";
import { sendStored } from "./send-stored.ts";
import { NO_SUCH_FILE, sent } from "./sent.ts";

const isFormat = (name: string): name is ExportFormat => Object.hasOwn(EXPORT_FORMATS, name);

/** Millimetres that a longest side may have. */
const LARGEST_MM = 100_000;

/** Undefined where nobody said a size, NaN where what was said is none. */
function sizeOf(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const size = typeof text === "string" && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  return size > 0 && size <= LARGEST_MM ? size : Number.NaN;
}

/** Serves a finished mesh in another format: `/export/stl?path=<workspace_path>&size_mm=80`. */
export function createExportRouter(meshes: Meshes, exports: Exports): Router {
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
      const sizeMm = sizeOf(req.query["size_mm"]);
      if (Number.isNaN(sizeMm))
        return refuse(
          res,
          "invalid_field",
          `The size_mm must be the millimetres of the longest side, more than 0 and at most ${LARGEST_MM}, such as size_mm=80.`,
        );
      const mesh = await meshes.find(workspacePath);
      if (!mesh) return refuse(res, "file_not_found", NO_SUCH_FILE);

      const { name, ext } = path.posix.parse(workspacePath);
      const isGlb = ext.toLowerCase() === ".glb";
      const headers = {
        "Content-Type": EXPORT_FORMATS[format],
        "Content-Disposition": `attachment; filename="${name}.${format}"`,
      };
      if (format === "glb" && isGlb) return sendStored(res, mesh, headers);
      if (!isGlb)
        return refuse(
          res,
          "unknown_format",
          `This mesh can't be written as ${format}. Only a binary glTF can.`,
        );
      const exported = await exports.make({ mesh, workspacePath, format, sizeMm });
      switch (exported.kind) {
        case "file":
          res.set(headers);
          return void res.sendFile(
            exported.file,
            { cacheControl: false, dotfiles: "allow" },
            sent(res, next),
          );
        case "overloaded":
          return refuse(
            res,
            "overloaded",
            "Many meshes are being converted already. Try again in a moment.",
          );
        case "refused":
          return refuse(
            res,
            "unknown_format",
            `This mesh can't be written as ${format}. ${exported.why}`,
          );
      }
    })().catch(next);
  });
  return router;
}
