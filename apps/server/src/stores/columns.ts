import type { RowSelection, RunRow } from "./run-store.ts";

/** What must be true of an ended run that left something: a mesh path without a done run, or a handle. */
export const UNSETTLED =
  "status in ('error', 'cancelled') and (workspace_path is not null or handle is not null)" +
  " or status = 'done' and handle is not null";

/** Each field of a row and its column: the queries are made from this. */
export const COLUMNS = {
  runId: "run_id",
  modelId: "model_id",
  collection: "collection",
  upload: "upload",
  status: "status",
  progress: "progress",
  step: "step",
  error: "error",
  workspacePath: "workspace_path",
  meshSha256: "mesh_sha256",
  meshBytes: "mesh_bytes",
  meshIsOurs: "mesh_is_ours",
  handle: "handle",
  owner: "owner",
  attempts: "attempts",
  revision: "revision",
  createdAt: "created_at",
  startedAt: "started_at",
  finishedAt: "finished_at",
} as const satisfies Record<keyof RunRow, string>;

/** The fields of a row. */
export const FIELDS = Object.keys(COLUMNS) as (keyof RunRow)[];

/** What a query selects or returns to make a row. */
export const ROW = FIELDS.map((field) => `${COLUMNS[field]} as "${field}"`).join(", ");

export const WHERE: Record<RowSelection, string> = {
  active: "status in ('pending', 'running')",
  running: "status = 'running'",
  unsettled: UNSETTLED,
};
