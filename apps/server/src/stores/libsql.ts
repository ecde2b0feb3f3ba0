import { isEnded } from "@modly-runs/contract";
import Database from "libsql";

import type {
  CreateOutcome,
  NewRun,
  RowSelection,
  RunChange,
  RunRow,
  RunStore,
} from "./run-store.ts";

const SCHEMA = `
create table if not exists runs (
  seq             integer primary key autoincrement,
  run_id          text not null unique,
  model_id        text not null,
  collection      text not null,
  params          text not null,
  upload          text,
  status          text not null,
  progress        integer not null,
  step            text,
  error           text,
  workspace_path  text,
  handle          text,
  attempts        integer not null,
  revision        integer not null,
  created_at      integer not null,
  started_at      integer,
  finished_at     integer,
  idempotency_key text unique,
  digest          text
) strict;
create index if not exists runs_by_status on runs (status, seq);
`;

/** The version of SCHEMA; a store made by another one is not touched. */
const SCHEMA_VERSION = 1;

/** Each field of a row and its column: the queries below are made from this. */
const COLUMNS = {
  runId: "run_id",
  modelId: "model_id",
  collection: "collection",
  params: "params",
  upload: "upload",
  status: "status",
  progress: "progress",
  step: "step",
  error: "error",
  workspacePath: "workspace_path",
  handle: "handle",
  attempts: "attempts",
  revision: "revision",
  createdAt: "created_at",
  startedAt: "started_at",
  finishedAt: "finished_at",
} as const satisfies Record<keyof RunRow, string>;

const FIELDS = Object.keys(COLUMNS) as (keyof RunRow)[];
const SELECT = `select ${FIELDS.map((field) => `${COLUMNS[field]} as ${field}`).join(", ")} from runs`;

const WHERE: Record<RowSelection, string> = {
  active: "status in ('pending', 'running')",
  // A mesh path without a done run, or a handle that nobody let go of.
  unsettled:
    "status in ('error', 'cancelled') and (workspace_path is not null or handle is not null)" +
    " or status = 'done' and handle is not null",
};

type Stored = Omit<RunRow, "params"> & { params: string };

/** Only the fields we named: the driver adds one of its own to what it reads. */
function toRow(stored: Stored): RunRow {
  const row = Object.fromEntries(
    FIELDS.map((field) => [field, stored[field]]),
  ) as unknown as RunRow;
  return { ...row, params: JSON.parse(stored.params) as RunRow["params"] };
}

/** Says what is wrong with a store that can't be used; its file is left as it is. */
export class StoreUnusable extends Error {
  override name = "StoreUnusable";
}

/** What keeps a file from being used as the store, found without changing it; undefined when nothing does. */
function faultOf(db: Database.Database): string | undefined {
  const { user_version: found } = db.prepare("pragma user_version").get() as {
    user_version: number;
  };
  if (found !== 0 && found !== SCHEMA_VERSION)
    return `it was made by another version of the server (layout ${found}, this one reads ${SCHEMA_VERSION})`;
  const { n: tables } = db.prepare("select count(*) as n from sqlite_master").get() as {
    n: number;
  };
  if (found === 0 && tables > 0) return "it was made by another program";
  const { quick_check: health } = db.prepare("pragma quick_check(1)").get() as {
    quick_check: string;
  };
  return health === "ok" ? undefined : `it is damaged (${health.replaceAll(/\s+/g, " ").trim()})`;
}

function open(file: string): Database.Database {
  const db = new Database(file, { timeout: 5000 });
  try {
    const fault = faultOf(db);
    if (fault) throw new StoreUnusable(fault);
    db.pragma("journal_mode = WAL");
    // At once: a store without its version would be taken for somebody else's.
    db.exec(`begin immediate; ${SCHEMA} pragma user_version = ${SCHEMA_VERSION}; commit`);
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/**
 * Keeps runs in one SQLite file.
 *
 * @throws StoreUnusable when the file is corrupt, busy or of another version.
 */
export function createLibsqlStore(file: string): RunStore {
  let db: Database.Database;
  try {
    db = open(file);
  } catch (cause) {
    if (cause instanceof StoreUnusable) throw cause;
    throw new StoreUnusable(cause instanceof Error ? cause.message : String(cause), { cause });
  }

  // A create and an end must outlive a power cut, and wait for the disk. Progress need not.
  let synchronous = "";
  const use = (mode: "FULL" | "NORMAL") => {
    if (mode === synchronous) return;
    db.pragma(`synchronous = ${mode}`);
    synchronous = mode;
  };

  const byId = db.prepare(`${SELECT} where run_id = ?`);
  const byKey = db.prepare("select run_id as runId, digest from runs where idempotency_key = ?");
  const pending = db.prepare("select count(*) as n from runs where status = 'pending'");
  const insert = db.prepare(
    `insert into runs (run_id, model_id, collection, params, upload, status, progress, attempts,
       revision, created_at, idempotency_key, digest)
     values (?, ?, ?, ?, ?, 'pending', 0, 0, 1, ?, ?, ?)`,
  );
  const read = (runId: string) => {
    const stored = byId.get(runId) as Stored | undefined;
    return stored && toRow(stored);
  };
  const keyed = (key: string) => {
    const found = byKey.get(key) as { runId: string; digest: string } | undefined;
    return found && { runId: found.runId, digest: found.digest };
  };

  /** The driver's own transaction hides why a commit failed: it rolls back what is rolled back already. */
  function atomically<T>(work: () => T): T {
    db.exec("begin immediate");
    try {
      const result = work();
      db.exec("commit");
      return result;
    } catch (cause) {
      if (db.inTransaction) db.exec("rollback");
      throw cause;
    }
  }

  function admit(run: NewRun, maxPending: number): CreateOutcome {
    if (run.idempotency) {
      const known = keyed(run.idempotency.key);
      if (known?.digest === run.idempotency.digest) return { kind: "repeated", runId: known.runId };
      if (known) return { kind: "mismatch" };
    }
    if ((pending.get() as { n: number }).n >= maxPending) return { kind: "full" };
    insert.run(
      run.runId,
      run.modelId,
      run.collection,
      JSON.stringify(run.params),
      run.upload,
      run.createdAt,
      run.idempotency?.key ?? null,
      run.idempotency?.digest ?? null,
    );
    return { kind: "created", row: read(run.runId)! };
  }

  return {
    async create(run, maxPending) {
      use("FULL");
      return atomically(() => admit(run, maxPending));
    },
    async get(runId) {
      return read(runId);
    },
    async findByKey(key) {
      return keyed(key);
    },
    async change(seen, change) {
      const fields = Object.keys(change) as (keyof RunChange)[];
      use(change.status && isEnded(change.status) ? "FULL" : "NORMAL");
      const sets = fields.map((field) => `${COLUMNS[field]} = ?`);
      const changed = db
        .prepare(
          `update runs set ${[...sets, `revision = revision + ${isEnded(seen.status) ? 0 : 1}`].join(", ")}
           where run_id = ? and status = ? and revision = ?`,
        )
        .run(
          ...fields.map((field) => change[field] ?? null),
          seen.runId,
          seen.status,
          seen.revision,
        );
      return changed.changes === 1 ? read(seen.runId) : undefined;
    },
    async list(selection) {
      return (db.prepare(`${SELECT} where ${WHERE[selection]} order by seq`).all() as Stored[]).map(
        toRow,
      );
    },
    async close() {
      db.close();
    },
  };
}
