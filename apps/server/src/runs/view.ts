import { COMPLETED, isEnded, type StrictRun, WORKSPACE_PREFIX } from "@modly-runs/contract";

import type { RunRow } from "../stores/run-store.ts";

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms));

/** What the world sees of a run. `position` counts those that wait before it. */
export function viewOf(row: RunRow, position: number | null): StrictRun {
  const path = row.status === "done" ? row.workspacePath : null;
  return {
    run_id: row.runId,
    status: row.status,
    progress: row.progress,
    step: row.status === "done" ? COMPLETED : row.step,
    output_url: path === null ? null : WORKSPACE_PREFIX + path,
    error: row.error,
    scene_candidate: path === null ? null : { workspace_path: path },
    model_id: row.modelId,
    created_at: time(row.createdAt),
    started_at: timeOrNull(row.startedAt),
    finished_at: timeOrNull(row.finishedAt),
    queue_position: row.status === "pending" ? position : null,
  } as StrictRun;
}

/** Names a state of the run: the revision, and while it waits its place in the queue. Equal tags, equal bodies. */
export function etagOf(row: RunRow, position: number | null): string {
  const place = row.status === "pending" && position !== null ? `-${position}` : "";
  return `"${row.revision}${place}"`;
}

/** Seconds after which a poller should look again, or undefined when there is nothing to wait for. */
export function retryAfterOf(row: RunRow): number | undefined {
  return isEnded(row.status) ? undefined : 1;
}

/** Many readers and watchers see the same row: it is written out once. */
const written = new WeakMap<RunRow, { readonly position: number | null; readonly text: string }>();

/** The run as JSON on one line. */
export function textOf(row: RunRow, position: number | null): string {
  const place = row.status === "pending" ? position : null;
  const known = written.get(row);
  if (known?.position === place) return known.text;
  const text = JSON.stringify(viewOf(row, place));
  written.set(row, { position: place, text });
  return text;
}
