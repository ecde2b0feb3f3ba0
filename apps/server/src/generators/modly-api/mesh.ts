import { open, stat } from "node:fs/promises";
import path from "node:path";

import { WORKSPACE_PREFIX } from "@modly-runs/contract";

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

/** A .glb says in its header how long it is; of other formats only the size can be judged. */
async function looksWhole(file: string): Promise<boolean> {
  const { size } = await stat(file);
  if (path.extname(file).toLowerCase() !== ".glb") return size > 0;
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(12), 0, 12, 0);
    return (
      bytesRead === 12 &&
      buffer.toString("latin1", 0, 4) === "glTF" &&
      buffer.readUInt32LE(8) === size
    );
  } finally {
    await handle.close();
  }
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
    const whole = reply.kind === "ok" && (await looksWhole(file));
    if (whole) {
      const stem =
        path
          .basename(relative, path.extname(relative))
          .replace(/[^A-Za-z0-9_-]/g, "")
          .slice(0, 64) || "modly";
      return { ok: true, file, stem, ...(PLAIN.test(relative) && { workspacePath: relative }) };
    }
    const away = reply.kind === "unreached" || reply.kind === "lost";
    if (performance.now() - began > (away ? times.away : times.file)) {
      const why = reply.kind === "ok" ? "it is empty or cut off" : reply.why;
      return { ok: false, error: `${missing}: ${why}.` };
    }
    await pause(wait, signal);
    wait = slower(wait, times);
  }
  return { ok: false, error: `${missing}: the run was stopped.` };
}
