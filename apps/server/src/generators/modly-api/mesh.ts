import path from "node:path";

import { WORKSPACE_PREFIX } from "@modly-runs/contract";

import { faultOfMesh } from "../../files/mesh-check.ts";
import type { Modly } from "./modly.ts";
import { pause, slower } from "./pause.ts";
import type { Times } from "./times.ts";

export type Fetched =
  | {
      readonly ok: true;
      readonly file: string;
      readonly workspacePath?: string;
      readonly stem: string;
    }
  | { readonly ok: false; readonly error: string };

/** A path that needs no escaping and that every file system takes as it is. */
const PLAIN = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*\/)*[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** The path in Modly's workspace that `output_url` names, or null for anything else. */
function workspacePathOf(outputUrl: string | null): string | null {
  if (!outputUrl?.startsWith(WORKSPACE_PREFIX)) return null;
  const relative = outputUrl.slice(WORKSPACE_PREFIX.length);
  const inside = relative
    .split("/")
    .every(
      (segment) =>
        segment !== "" && segment !== "." && segment !== ".." && !/[\\\p{Cc}]/u.test(segment),
    );
  return inside ? relative : null;
}

/**
 * Brings the mesh of a finished job into `workDir`, whole or not at all.
 *
 * Modly says done a little before the file can be read, and restarts; both are waited for.
 */
export async function fetchMesh(
  outputUrl: string | null,
  {
    modly,
    times,
    signal,
    workDir,
  }: { modly: Modly; times: Times; signal: AbortSignal; workDir: string },
): Promise<Fetched> {
  const relative = workspacePathOf(outputUrl);
  if (relative === null)
    return { ok: false, error: "Modly finished the job but named no file of its workspace." };
  const file = path.join(workDir, `mesh${path.extname(relative).replace(/[^.A-Za-z0-9]/g, "")}`);
  const began = performance.now();
  let wait: number = times.firstPoll;
  const missing = "Modly finished the job but its file could not be fetched";
  while (!signal.aborted) {
    const reply = await modly.download(relative, file, signal);
    const fault = reply.kind === "ok" ? await faultOfMesh(file, workDir) : reply.why;
    if (fault === undefined) {
      const stem =
        path
          .basename(relative, path.extname(relative))
          .replace(/[^A-Za-z0-9_-]/g, "")
          .slice(0, 64) || "modly";
      return { ok: true, file, stem, ...(PLAIN.test(relative) && { workspacePath: relative }) };
    }
    // To ask again would bring the same.
    if (reply.kind === "refused" && reply.status === 413)
      return { ok: false, error: `${missing}: ${fault}.` };
    const away = reply.kind === "unreached" || reply.kind === "lost";
    if (performance.now() - began > (away ? times.away : times.file))
      return { ok: false, error: `${missing}: ${fault}.` };
    await pause(wait, signal);
    wait = slower(wait, times);
  }
  return { ok: false, error: `${missing}: the run was stopped.` };
}
