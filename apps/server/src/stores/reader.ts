import Database from "libsql";

import { ROW, WHERE } from "./columns.ts";
import type { EndedRun } from "./run-store.ts";

const ENDED = `run_id as runId, finished_at as finishedAt, seq as place,
  iif(status = 'done' and mesh_is_ours, workspace_path, null) as meshPath,
  mesh_sha256 as meshSha256, ifnull(mesh_bytes, 0) as meshBytes`;

/** A prepared query; the driver's own type can't be named in what is published. */
interface Query {
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}
type Queries = Record<
  | "byId"
  | "params"
  | "byKey"
  | "active"
  | "running"
  | "unsettled"
  | "counts"
  | "kept"
  | "oldest"
  | "unremoved"
  | "retired",
  Query
>;

function prepare(db: Database.Database): Queries {
  return {
    byId: db.prepare(`select ${ROW} from runs where run_id = ?`),
    params: db.prepare("select params from runs where run_id = ?"),
    byKey: db.prepare("select run_id as runId, digest from runs where idempotency_key = ?"),
    active: db.prepare(`select ${ROW} from runs where ${WHERE.active} order by seq`),
    running: db.prepare(
      // Said both ways, as for those that wait: only so is it answered from the index of active runs.
      `select ${ROW} from runs where ${WHERE.active} and ${WHERE.running} order by seq`,
    ),
    unsettled: db.prepare(`select ${ROW} from runs where ${WHERE.unsettled} order by seq`),
    counts: db.prepare(
      `select status, model_id as modelId, count(*) as runs from runs where ${WHERE.active}
       group by status, model_id`,
    ),
    kept: db.prepare(
      `select ifnull(sum(mesh_bytes), 0) as bytes from runs
       where finished_at is not null and mesh_is_ours`,
    ),
    oldest: db.prepare(
      `select ${ENDED} from runs
       where finished_at is not null and (finished_at, seq) > (?, ?)
       order by finished_at, seq limit ?`,
    ),
    unremoved: db.prepare(
      `select run_id as runId, retired_at as finishedAt, seq as place, mesh_path as meshPath,
         mesh_sha256 as meshSha256, ifnull(mesh_bytes, 0) as meshBytes
       from retired where mesh_path is not null order by seq`,
    ),
    retired: db.prepare("select 1 as found from retired where run_id = ?"),
  };
}

/** Reads the store without ever waiting for whoever writes, also beside a server that runs. */
export function createReader(file: string) {
  let open: { db: Database.Database; statements: Queries } | undefined;

  function read<T>(look: (statements: Queries) => T): T {
    if (!open) {
      const db = new Database(file, { readonly: true, timeout: 1000 });
      open = { db, statements: prepare(db) };
    }
    try {
      return look(open.statements);
    } catch (cause) {
      // As for the writer: a connection that failed is not used again.
      open.db.close();
      open = undefined;
      throw cause;
    }
  }
  const ended = (rows: unknown[]) =>
    (rows as EndedRun[]).map(
      ({ runId, finishedAt, place, meshPath, meshSha256, meshBytes }): EndedRun => ({
        ...{ runId, finishedAt, place, meshPath, meshSha256, meshBytes },
      }),
    );

  return {
    read,
    oldest: (limit: number, after?: EndedRun) =>
      ended(read(({ oldest }) => oldest.all(after?.finishedAt ?? -1, after?.place ?? -1, limit))),
    keptBytes: () => (read(({ kept }) => kept.get()) as { bytes: number }).bytes,
    unremoved: () => ended(read(({ unremoved }) => unremoved.all())),
    close(): void {
      open?.db.close();
      open = undefined;
    },
  };
}
