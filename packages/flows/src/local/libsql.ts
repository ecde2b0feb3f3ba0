import type Database from "libsql";

import type { Plan } from "../plan/plan.ts";
import { isFile } from "../plan/value.ts";
import {
  contentsOf,
  type StoredRun,
  type StoredStep,
  stepRowOf,
  stepValues,
  summaryOf,
} from "../ports/columns.ts";
import type { FlowStore, Hold, Memory, Outputs, Wish } from "../ports/flow-store.ts";
import { heldTo, openDatabase } from "./database.ts";

const TABLES = `
  create table flow_runs (
    seq        integer primary key autoincrement,
    id         text not null unique,
    name       text not null,
    definition text not null,
    plan       text not null,
    values_in  text not null,
    total      integer not null,
    status     text not null,
    created_at integer not null,
    ended_at   integer,
    holder     text,
    held_until integer,
    wish       text
  ) strict;
  create table flow_steps (
    flow_run   text not null references flow_runs (id) on delete cascade,
    step       text not null,
    status     text not null,
    state      text not null,
    mark       text not null,
    outputs    text,
    error      text,
    run_id     text,
    reused     text,
    seconds    real,
    started_at integer,
    ended_at   integer,
    primary key (flow_run, step)
  ) strict, without rowid;
  create index flow_steps_by_mark on flow_steps (mark, ended_at) where status = 'done';
  create table made (
    key        text primary key,
    flow_run   text not null references flow_runs (id) on delete cascade,
    outputs    text not null
  ) strict, without rowid;
  create index made_by_flow_run on made (flow_run);
`;

/**
 * Keeps flow runs in one SQLite file. Several processes of one machine may use it at once.
 *
 * @throws StoreUnusable when the file is another program's or of another version.
 */
export function openLibsqlStore(file: string): FlowStore & Memory & { close(): void } {
  const db = openDatabase(file, [TABLES]);
  const sql = statements(db);
  const all = <T>(rows: unknown) => rows as T[];
  const together = db.transaction((work: () => boolean) => work());

  const store: FlowStore & Memory & { close(): void } = {
    async create({ id, name, definition, plan, status, createdAt, endedAt }) {
      sql.create.run(
        id,
        name,
        definition,
        JSON.stringify(plan),
        JSON.stringify(contentsOf(plan)),
        plan.steps.length,
        status,
        createdAt,
        endedAt,
      );
    },
    async get(id) {
      const row = sql.get.get(id) as StoredRun | undefined;
      return (
        row && { ...summaryOf(row), definition: row.definition, plan: JSON.parse(row.plan) as Plan }
      );
    },
    async list(limit) {
      return all<StoredRun & { total: number; done: number }>(sql.list.all(limit)).map((row) => ({
        ...summaryOf(row),
        steps: row.total,
        done: row.done,
      }));
    },
    async steps(id) {
      return all<StoredStep>(sql.steps.all(id)).map(stepRowOf);
    },
    async hold(id) {
      const row = sql.hold.get(id) as
        | { holder: string | null; held_until: number; wish: Wish | null }
        | undefined;
      if (!row) return undefined;
      const hold =
        row.holder === null ? null : { holder: row.holder, left: row.held_until - Date.now() };
      return { hold, wish: row.wish };
    },
    async claim(id, was, hold: Hold | null) {
      const until = hold && Date.now() + hold.left;
      const taker = hold?.holder ?? null;
      return sql.claim.run(taker, until, id, was, taker).changes === 1;
    },
    async record(id, holder, { status, endedAt, steps = [] }) {
      return together(() => {
        const held = sql.change.run(
          status ?? null,
          endedAt === undefined ? 0 : 1,
          endedAt ?? null,
          id,
          holder,
        ).changes;
        if (held !== 1) return false;
        for (const row of steps) sql.step.run(...stepValues(id, row));
        return true;
      });
    },
    async wish(id, wish) {
      sql.wish.run(wish, id);
    },
    async forget(id) {
      together(() => {
        sql.forgetGiven.run(id);
        sql.forgetMade.run(id);
        return sql.forgetSteps.run(id).changes > 0;
      });
    },
    async remove(id) {
      return sql.remove.run(id).changes === 1;
    },
    async made(key) {
      const row = sql.made.get(key) as { outputs: string } | undefined;
      return row && (JSON.parse(row.outputs) as Outputs);
    },
    async keep(key, flowRun, outputs) {
      sql.keep.run(key, flowRun, JSON.stringify(outputs));
    },
    async locked(flow, mark) {
      const row = sql.locked.get(mark, flow) as { outputs: string } | undefined;
      return row && (JSON.parse(row.outputs) as Outputs);
    },
    async used() {
      const used = new Set<string>();
      for (const { values_in } of all<{ values_in: string }>(sql.given.all()))
        for (const sha256 of JSON.parse(values_in) as string[]) used.add(sha256);
      for (const { outputs } of all<{ outputs: string }>(sql.outputs.all()))
        for (const value of Object.values(JSON.parse(outputs) as Outputs))
          if (isFile(value)) used.add(value.sha256);
      return used;
    },
    close: () => void db.close(),
  };
  return heldTo(file, store, ["create", "claim", "record", "wish", "forget", "remove", "keep"]);
}

const statements = (db: Database.Database) => ({
  create: db.prepare(
    `insert into flow_runs (id, name, definition, plan, values_in, total, status, created_at, ended_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  get: db.prepare(
    "select id, name, definition, plan, status, created_at, ended_at from flow_runs where id = ?",
  ),
  list: db.prepare(
    `select id, name, status, created_at, ended_at, total,
       (select count(*) from flow_steps where flow_run = id and flow_steps.status = 'done') as done
     from flow_runs order by seq desc limit ?`,
  ),
  steps: db.prepare("select * from flow_steps where flow_run = ?"),
  hold: db.prepare("select holder, held_until, wish from flow_runs where id = ?"),
  claim: db.prepare(
    "update flow_runs set holder = ?, held_until = ? where id = ? and (holder is ? or holder = ?)",
  ),
  change: db.prepare(
    `update flow_runs set status = coalesce(?, status), ended_at = iif(?, ?, ended_at) where id = ? and holder = ?`,
  ),
  step: db.prepare(
    `insert or replace into flow_steps
       (flow_run, step, status, state, mark, outputs, error, run_id, reused, seconds, started_at, ended_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  wish: db.prepare("update flow_runs set wish = ? where id = ?"),
  forgetGiven: db.prepare("update flow_runs set values_in = '[]' where id = ?"),
  forgetMade: db.prepare("delete from made where flow_run = ?"),
  // Without a mark nothing is locked to it.
  forgetSteps: db.prepare("update flow_steps set outputs = null, mark = '' where flow_run = ?"),
  remove: db.prepare("delete from flow_runs where id = ?"),
  made: db.prepare("select outputs from made where key = ?"),
  keep: db.prepare("insert or replace into made (key, flow_run, outputs) values (?, ?, ?)"),
  locked: db.prepare(
    `select outputs from flow_steps join flow_runs on flow_runs.id = flow_steps.flow_run
     where mark = ? and flow_steps.status = 'done' and flow_runs.name = ?
     order by flow_steps.ended_at desc, flow_runs.seq desc limit 1`,
  ),
  given: db.prepare("select values_in from flow_runs"),
  outputs: db.prepare(
    "select outputs from flow_steps where outputs is not null union select outputs from made",
  ),
});
