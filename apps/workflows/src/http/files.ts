import { isFile } from "@modly-runs/flows";
import type { FlowStore, Objects } from "@modly-runs/flows/ports";
import type { NextFunction, Request, RequestHandler, Response } from "express";

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

const CACHED = "private, max-age=31536000, immutable";
const NO_SUCH_FILE = "The workflow has no such file. It may have been cleaned up.";

/** True if the client has it already; weak tags will do for that (RFC 9110, section 13.1.2). */
const knows = (req: Request, sha256: string): boolean =>
  (req.get("if-none-match") ?? "")
    .split(",")
    .some((tag) => ["*", `"${sha256}"`, `W/"${sha256}"`].includes(tag.trim()));

/** What is said of a file that could not be sent: only what is not there is a 404. */
function unsent(res: Response, cause: Error, next: NextFunction): void {
  if (res.headersSent) return;
  const { status } = cause as { status?: number };
  // What was said of the file is not true of the refusal.
  for (const name of ["ETag", "Cache-Control", "Content-Type"]) res.removeHeader(name);
  if (status === 416) refuse(res, "range_not_satisfiable", "The file is shorter than that range.");
  else if (status === 412)
    refuse(res, "precondition_failed", "The file is not the one that If-Match names.");
  else if (status === 404) refuse(res, "file_not_found", NO_SUCH_FILE);
  else next(cause);
}

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
      const file = own.has(sha256) ? await objects.file(sha256) : undefined;
      if (!file) return refuse(res, "file_not_found", NO_SUCH_FILE);
      res.set({
        ETag: `"${sha256}"`,
        "Cache-Control": CACHED,
        "Content-Type": MEDIA_TYPES[format] ?? "application/octet-stream",
        // A picture of a stranger is shown, never run.
        "Content-Security-Policy": "sandbox; default-src 'none'",
      });
      // Express sends it anew to whoever asks past a cache, as fetch does with this header.
      if (knows(req, sha256)) return void res.status(304).end();
      // When it was stored last says nothing of its content.
      const options = { dotfiles: "allow", cacheControl: false, lastModified: false } as const;
      res.sendFile(file, options, (cause) => cause && unsent(res, cause, next));
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
