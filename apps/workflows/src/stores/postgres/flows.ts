import { isFile, type Plan } from "@modly-runs/flows";
import {
  contentsOf,
  type FlowStore,
  type Memory,
  type Outputs,
  type StoredRun,
  type StoredStep,
  stepRowOf,
  stepValues,
  summaryOf,
  type Wish,
} from "@modly-runs/flows/ports";

import type { Connection } from "./connection.ts";

/** Rows that one statement writes: it takes 65,535 values at most. */
const ROWS = 500;

/** Keeps flow runs in PostgreSQL, for as many processes as there are. Holds run out by the clock of the database. */
export function createPostgresFlows({ patiently, transaction }: Connection): FlowStore & Memory {
  const ask = <T>(sql: string, values: readonly unknown[] = []) =>
    patiently((use) => use<T>(sql, values));
  const outputsIn = (found: readonly { outputs: string }[]) =>
    found[0] && (JSON.parse(found[0].outputs) as Outputs);

  return {
    async create({ id, name, definition, plan, status, createdAt, endedAt }) {
      const values = [
        ...[id, name, definition, JSON.stringify(plan), JSON.stringify(contentsOf(plan))],
        ...[plan.steps.length, status, createdAt, endedAt],
      ];
      await patiently((use, isAgain) =>
        use(
          `insert into flow_runs (id, name, definition, plan, values_in, total, status, created_at, ended_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?) ${isAgain ? "on conflict (id) do nothing" : ""}`,
          values,
        ),
      );
    },
    async get(id) {
      const [row] = await ask<StoredRun>(
        "select id, name, definition, plan, status, created_at, ended_at from flow_runs where id = ?",
        [id],
      );
      return (
        row && { ...summaryOf(row), definition: row.definition, plan: JSON.parse(row.plan) as Plan }
      );
    },
    async list(limit) {
      const rows = await ask<StoredRun & { total: number; done: number }>(
        `select id, name, status, created_at, ended_at, total,
           (select count(*) from flow_steps where flow_run = id and flow_steps.status = 'done') as done
         from flow_runs order by seq desc limit ?`,
        [limit],
      );
      return rows.map((row) => ({ ...summaryOf(row), steps: row.total, done: row.done }));
    },
    async steps(id) {
      const rows = await ask<StoredStep>(
        `select * from flow_steps where flow_run = ? order by step collate "C"`,
        [id],
      );
      return rows.map(stepRowOf);
    },
    async hold(id) {
      const [row] = await ask<{ holder: string | null; left: number; wish: Wish | null }>(
        `select holder, wish,
           (extract(epoch from held_until - clock_timestamp()) * 1000)::double precision as left
         from flow_runs where id = ?`,
        [id],
      );
      if (!row) return undefined;
      const { holder, left, wish } = row;
      return { hold: holder === null ? null : { holder, left }, wish };
    },
    async claim(id, was, hold) {
      const taken = await ask(
        `update flow_runs
         set holder = ?, held_until = clock_timestamp() + ?::double precision * interval '1 millisecond'
         where id = ? and (holder is not distinct from ? or holder = ?) returning id`,
        [hold?.holder ?? null, hold?.left ?? null, id, was, hold?.holder ?? null],
      );
      return taken.length === 1;
    },
    record: (id, holder, { status, endedAt, steps = [] }) =>
      transaction(async (use) => {
        const held = await use(
          `update flow_runs set status = coalesce(?, status),
             ended_at = case when ?::boolean then ?::bigint else ended_at end
           where id = ? and holder = ? returning id`,
          [status ?? null, endedAt !== undefined, endedAt ?? null, id, holder],
        );
        if (held.length !== 1) return false;
        for (let from = 0; from < steps.length; from += ROWS) {
          const rows = steps.slice(from, from + ROWS).map((row) => stepValues(id, row));
          await use(
            `insert into flow_steps
               (flow_run, step, status, state, mark, outputs, error, run_id, reused, seconds, started_at, ended_at)
             values ${rows.map((row) => `(${row.map(() => "?").join(", ")})`).join(", ")}
             on conflict (flow_run, step) do update set status = excluded.status, state = excluded.state,
               mark = excluded.mark, outputs = excluded.outputs, error = excluded.error,
               run_id = excluded.run_id, reused = excluded.reused, seconds = excluded.seconds,
               started_at = excluded.started_at, ended_at = excluded.ended_at`,
            rows.flat(),
          );
        }
        return true;
      }),
    async wish(id, wish) {
      await ask("update flow_runs set wish = ? where id = ?", [wish, id]);
    },
    async forget(id) {
      await transaction(async (use) => {
        await use("update flow_runs set values_in = '[]' where id = ?", [id]);
        await use("delete from made where flow_run = ?", [id]);
        // Without a mark nothing is locked to it.
        await use("update flow_steps set outputs = null, mark = '' where flow_run = ?", [id]);
      });
    },
    remove: (id) =>
      patiently(
        async (use, isAgain) =>
          (await use("delete from flow_runs where id = ? returning id", [id])).length === 1 ||
          isAgain,
      ),
    made: async (key) => outputsIn(await ask("select outputs from made where key = ?", [key])),
    async keep(key, flowRun, outputs) {
      await ask(
        `insert into made (key, flow_run, outputs) values (?, ?, ?)
         on conflict (key) do update set flow_run = excluded.flow_run, outputs = excluded.outputs`,
        [key, flowRun, JSON.stringify(outputs)],
      );
    },
    locked: async (flow, mark) =>
      outputsIn(
        await ask(
          `select outputs from flow_steps join flow_runs on flow_runs.id = flow_steps.flow_run
           where mark = ? and flow_steps.status = 'done' and flow_runs.name = ?
           order by flow_steps.ended_at desc, flow_runs.seq desc limit 1`,
          [mark, flow],
        ),
      ),
    async used() {
      const used = new Set<string>();
      for (const { values_in } of await ask<{ values_in: string }>(
        "select values_in from flow_runs",
      ))
        for (const sha256 of JSON.parse(values_in) as string[]) used.add(sha256);
      for (const { outputs } of await ask<{ outputs: string }>(
        "select outputs from flow_steps where outputs is not null union select outputs from made",
      ))
        for (const value of Object.values(JSON.parse(outputs) as Outputs))
          if (isFile(value)) used.add(value.sha256);
      return used;
    },
  };
}
