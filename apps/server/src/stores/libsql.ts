import { isEnded } from "@modly-runs/contract";
import Database from "libsql";

import { ROW, StoreUnusable, toRow, WHERE } from "./layout.ts";
import { createRecent } from "./recent.ts";
import type {
  ActiveCount,
  CreateOutcome,
  EndedRun,
  RunChange,
  RunRow,
  RunStore,
} from "./run-store.ts";
import { startWriter } from "./writer-client.ts";

export { StoreUnusable };

const ENDED = `run_id as runId, finished_at as finishedAt, seq as place,
  iif(status = 'done' and mesh_is_ours, workspace_path, null) as meshPath,
  mesh_sha256 as meshSha256, ifnull(mesh_bytes, 0) as meshBytes`;

function prepare(db: Database.Database) {
  return {
    byId: db.prepare(`select ${ROW} from runs where run_id = ?`),
    params: db.prepare("select params from runs where run_id = ?"),
    byKey: db.prepare("select run_id as runId, digest from runs where idempotency_key = ?"),
    active: db.prepare(`select ${ROW} from runs where ${WHERE.active} order by seq`),
    unsettled: db.prepare(`select ${ROW} from runs where ${WHERE.unsettled} order by seq`),
    counts: db.prepare(
      `select status, model_id as modelId, count(*) as runs from runs where ${WHERE.active}
       group by status, model_id`,
    ),
    kept: db.prepare(
      "select ifnull(sum(mesh_bytes), 0) as bytes from runs where finished_at is not null",
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

/**
 * Keeps runs in one SQLite file. Changes go to a thread, because they wait for the disk; reads are
 * answered here, from the rows seen last or by a connection that never waits for a writer.
 *
 * @throws StoreUnusable when the file is corrupt, busy or of another version.
 */
export async function createLibsqlStore(file: string): Promise<RunStore> {
  const writer = await startWriter(file);
  let reader: { db: Database.Database; read: ReturnType<typeof prepare> } | undefined;
  const recent = createRecent<RunRow>();

  function read<T>(look: (statements: ReturnType<typeof prepare>) => T): T {
    if (!reader) {
      const db = new Database(file, { readonly: true, timeout: 1000 });
      reader = { db, read: prepare(db) };
    }
    try {
      return look(reader.read);
    } catch (cause) {
      // As for the writer: a connection that failed is not used again.
      reader.db.close();
      reader = undefined;
      throw cause;
    }
  }

  function keep(stored: unknown): RunRow {
    const row = toRow(stored);
    recent.set(row.runId, row);
    return row;
  }
  const ended = (rows: unknown[]) =>
    (rows as EndedRun[]).map(
      ({ runId, finishedAt, place, meshPath, meshSha256, meshBytes }): EndedRun => ({
        ...{ runId, finishedAt, place, meshPath, meshSha256, meshBytes },
      }),
    );

  return {
    async create({ params, ...run }, maxPending) {
      const write = {
        kind: "create",
        run: { ...run, params: JSON.stringify(params) },
        maxPending,
      } as const;
      const outcome = (await writer.write(write)) as CreateOutcome;
      return outcome.kind === "created" ? { kind: "created", row: keep(outcome.row) } : outcome;
    },
    async get(runId) {
      const known = recent.get(runId);
      if (known) return known;
      const stored = read(({ byId }) => byId.get(runId));
      return stored === undefined ? undefined : keep(stored);
    },
    async paramsOf(runId) {
      const stored = read(({ params }) => params.get(runId)) as { params: string } | undefined;
      return stored && (JSON.parse(stored.params) as Record<string, unknown>);
    },
    async findByKey(key) {
      const found = read(({ byKey }) => byKey.get(key)) as
        | { runId: string; digest: string }
        | undefined;
      return found && { runId: found.runId, digest: found.digest };
    },
    async change({ runId, status, revision }, change: RunChange) {
      const stored = await writer.write({
        kind: "change",
        seen: { runId, status, revision },
        change,
        rises: !isEnded(status),
        durable: change.status !== undefined && isEnded(change.status),
      });
      if (stored !== undefined) return keep(stored);
      recent.delete(runId);
      return undefined;
    },
    async list(selection) {
      return read((statements) => statements[selection].all()).map(toRow);
    },
    async countActive() {
      return (read(({ counts }) => counts.all()) as ActiveCount[]).map(
        ({ status, modelId, runs }) => ({ status, modelId, runs }),
      );
    },
    retirement: {
      async oldest(limit, after) {
        return ended(
          read(({ oldest }) => oldest.all(after?.finishedAt ?? -1, after?.place ?? -1, limit)),
        );
      },
      async keptBytes() {
        return (read(({ kept }) => kept.get()) as { bytes: number }).bytes;
      },
      async retire(runId, now) {
        const gone = (await writer.write({ kind: "retire", runId, now })) as boolean;
        if (gone) recent.delete(runId);
        return gone;
      },
      async unremoved() {
        return ended(read(({ unremoved }) => unremoved.all()));
      },
      async removed(runId) {
        await writer.write({ kind: "removed", runId });
      },
      async isRetired(runId) {
        return read(({ retired }) => retired.get(runId)) !== undefined;
      },
    },
    fault: () => writer.fault(),
    async close() {
      // First: the last connection to close puts the file in order.
      reader?.db.close();
      reader = undefined;
      await writer.close();
    },
  };
}
