import { statSync } from "node:fs";

import Database from "libsql";

import { FIELDS, UNSETTLED } from "./columns.ts";
import type { RunRow } from "./run-store.ts";

/** How the layout grew, step by step; a store's `user_version` counts the steps it has taken. */
const STEPS = [
  `create table runs (
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
   create index runs_by_status on runs (status, seq);`,
  // Every question is answered from an index that holds only what it asks for.
  `alter table runs add column mesh_sha256 text;
   alter table runs add column mesh_bytes integer;
   alter table runs add column mesh_is_ours integer not null default 0;
   update runs set mesh_is_ours = 1 where instr(workspace_path, run_id) > 0;
   drop index runs_by_status;
   create index runs_active on runs (status, seq) where status in ('pending', 'running');
   create index runs_unsettled on runs (seq) where ${UNSETTLED};
   create index runs_ended on runs (finished_at, seq, mesh_is_ours, mesh_bytes) where finished_at is not null;
   create index runs_of_others on runs (workspace_path)
     where mesh_is_ours = 0 and workspace_path is not null;
   create table retired (
     seq         integer primary key autoincrement,
     run_id      text not null unique,
     retired_at  integer not null,
     mesh_path   text,
     mesh_sha256 text,
     mesh_bytes  integer
   ) strict;
   create index retired_unremoved on retired (seq) where mesh_path is not null;`,
  `alter table runs add column owner text;`,
];

/** Only the fields we named: the driver adds one of its own to what it reads. */
export function toRow(stored: unknown): RunRow {
  const found = stored as Record<keyof RunRow, unknown>;
  const row: Partial<Record<keyof RunRow, unknown>> = {};
  for (const field of FIELDS) row[field] = found[field];
  row.meshIsOurs = found.meshIsOurs === 1;
  return row as RunRow;
}

/** Says what is wrong with a store that can't be used; its file is left as it is. */
export class StoreUnusable extends Error {
  override name = "StoreUnusable";
}

/** Larger files are not read through at a start: that would take seconds, and grows with every run. */
const CHECKED_BYTES = 64 * 1024 ** 2;

/** How long a start waits for another program to let go of the file, ms. */
const OPEN_PATIENCE_MS = 5000;

/** What keeps a file from being used as the store, found without changing it; undefined when nothing does. */
function faultOf(db: Database.Database, file: string): string | undefined {
  const { user_version: found } = db.prepare("pragma user_version").get() as {
    user_version: number;
  };
  if (found > STEPS.length)
    return `it was made by another version of the server (layout ${found}, this one reads up to ${STEPS.length})`;
  const { n: tables } = db.prepare("select count(*) as n from sqlite_master").get() as {
    n: number;
  };
  if (found === 0 && tables > 0) return "it was made by another program";
  if (statSync(file).size > CHECKED_BYTES) return undefined;
  const { quick_check: health } = db.prepare("pragma quick_check(1)").get() as {
    quick_check: string;
  };
  return health === "ok" ? undefined : `it is damaged (${health.replaceAll(/\s+/g, " ").trim()})`;
}

/** Opens the store's file at a start, and brings its layout up to date. */
export function openStoreFile(file: string): Database.Database {
  const db = new Database(file, { timeout: OPEN_PATIENCE_MS });
  try {
    const fault = faultOf(db, file);
    if (fault) throw new StoreUnusable(fault);
    db.pragma("journal_mode = WAL");
    const { user_version: found } = db.prepare("pragma user_version").get() as {
      user_version: number;
    };
    // At once: a store without its version would be taken for somebody else's.
    if (found < STEPS.length)
      db.exec(
        `begin immediate; ${STEPS.slice(found).join("\n")} pragma user_version = ${STEPS.length}; commit`,
      );
    else db.exec("begin immediate; commit");
    // From here on whoever waits does so without holding up the others.
    db.pragma("busy_timeout = 0");
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}
