import { isFile } from "@modly-runs/flows";
import type { FlowStore, Objects } from "@modly-runs/flows/ports";
import type { RequestHandler } from "express";

import type { Workflows } from "../workflows/workflows.ts";
import { tenantOf } from "./guard.ts";
import { refuse } from "./problems.ts";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  glb: "model/gltf-binary",
  stl: "model/stl",
  obj: "model/obj",
  "3mf": "model/3mf",
};

export interface FilesDeps {
  readonly workflows: Workflows;
  readonly flows: FlowStore;
  readonly objects: Objects;
}

/** Serves a file that a workflow was given or that came of its steps: never one of another. */
export function fileHandler({ workflows, flows, objects }: FilesDeps): RequestHandler {
  return (req, res, next) => {
    const [sha256 = "", format = ""] = String(req.params["file"]).split(".");
    const id = String(req.params["workflow_id"]);
    const find = async () => {
      const row = await workflows.find(id, tenantOf(res));
      if (!row) return refuse(res, "workflow_not_found", "There is no workflow with this id.");
      const own = await filesOf(flows, id);
      const bytes = own.has(sha256) ? await objects.read(sha256) : undefined;
      if (!bytes)
        return refuse(
          res,
          "file_not_found",
          "The workflow has no such file. It may have been cleaned up.",
        );
      const etag = `"${sha256}"`;
      res.setHeader("ETag", etag);
      res.setHeader("Cache-Control", "private, max-age=31536000, immutable");
      if (req.get("if-none-match") === etag) return void res.status(304).end();
      res.setHeader("Content-Type", MEDIA_TYPES[format] ?? "application/octet-stream");
      // A picture of a stranger is shown, never run.
      res.setHeader("Content-Security-Policy", "sandbox; default-src 'none'");
      res.end(bytes);
    };
    find().catch(next);
  };
}

async function filesOf(flows: FlowStore, id: string): Promise<Set<string>> {
  const [flow, rows] = await Promise.all([flows.get(id), flows.steps(id)]);
  const given = flow?.plan.steps.flatMap(({ inputs }) => Object.values(inputs).flat()) ?? [];
  const values = [
    ...given.flatMap((source) => ("value" in source ? [source.value] : [])),
    ...rows.flatMap(({ outputs }) => Object.values(outputs ?? {})),
  ];
  return new Set(values.flatMap((value) => (isFile(value) ? [value.sha256] : [])));
}
