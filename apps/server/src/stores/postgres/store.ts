import { isEnded } from "@modly-runs/contract";

import { COLUMNS, ROW, UNSETTLED } from "../columns.ts";
import type {
  ActiveCount,
  CreateOutcome,
  NewRun,
  RowSelection,
  RunChange,
  RunRow,
  RunStore,
} from "../run-store.ts";
import { type Connection, type Queryable, storable } from "./connection.ts";
import { createListener } from "./listener.ts";
import { createPostgresRetirement } from "./retirement.ts";

const WHERE: Record<RowSelection, string> = {
  active: "status in ('pending', 'running')",
  running: "status in ('pending', 'running') and status = 'running'",
  unsettled: `${UNSETTLED} or finished_at is not null and owner is not null`,
};

/** So close to the limit creates are admitted one after the other, so that none slips through. */
const CLOSE = 64;

/** True when the row is what this change would have made of it: an earlier try was stored after all. */
function isMade(row: RunRow, seen: RunRow, change: RunChange): boolean {
  const fields = Object.keys(change) as (keyof RunChange)[];
  return (
    row.revision === seen.revision + (isEnded(seen.status) ? 0 : 1) &&
    fields.every((field) => row[field] === storable(change[field]))
  );
}

/** Keeps runs in PostgreSQL, for as many processes as there are. */
export function createPostgresStore(connection: Connection): RunStore {
  const { patiently, transaction, schema } = connection;
  const runs = `${schema}.runs`;

  async function rowsWhere({ query }: Queryable, where: string, values: readonly unknown[]) {
    return (await query(
      `select ${ROW} from ${runs} where ${where}`,
      values,
    )) as unknown[] as RunRow[];
  }
  const byId = async (use: Queryable, runId: string) =>
    (await rowsWhere(use, "run_id = $1", [runId]))[0];
  async function byKey({ query }: Queryable, key: string) {
    const [found] = await query(
      `select run_id as "runId", digest from ${runs} where idempotency_key = $1`,
      [key],
    );
    return found as { runId: string; digest: string } | undefined;
  }

  const listener = createListener(connection, (runIds) =>
    patiently((use) => rowsWhere(use, "run_id = any($1)", [runIds])),
  );

  async function isFull({ query }: Queryable, maxPending: number): Promise<boolean> {
    const count = async () => {
      const [found] = await query(
        `select count(*) as n from
           (select 1 from ${runs} where status in ('pending', 'running') and status = 'pending'
            limit $1) as waiting`,
        [maxPending],
      );
      return (found as { n: number }).n;
    };
    if ((await count()) < maxPending - CLOSE) return false;
    await query("select pg_advisory_xact_lock(hashtext($1))", [`modly-runs admission ${schema}`]);
    return (await count()) >= maxPending;
  }

  async function insert(use: Queryable, run: NewRun): Promise<RunRow | undefined> {
    const { runId, modelId, collection, params, upload, createdAt, idempotency } = run;
    const [row] = await use.query(
      `insert into ${runs} (run_id, model_id, collection, params, upload, status, progress,
         attempts, revision, created_at, idempotency_key, digest)
       values ($1, $2, $3, $4, $5, 'pending', 0, 0, 1, $6, $7, $8)
       on conflict (idempotency_key) do nothing returning ${ROW}`,
      [
        ...[runId, modelId, collection, JSON.stringify(params), upload, createdAt],
        ...[idempotency?.key ?? null, idempotency?.digest ?? null],
      ],
    );
    return row as unknown as RunRow | undefined;
  }

  return {
    isShared: true,
    create: (run, maxPending) =>
      transaction(async (use, isAgain): Promise<CreateOutcome> => {
        const stored = isAgain ? await byId(use, run.runId) : undefined;
        if (stored) return { kind: "created", row: stored };
        const { idempotency } = run;
        const repeated = async (): Promise<CreateOutcome | undefined> => {
          const known = idempotency && (await byKey(use, idempotency.key));
          if (!known) return undefined;
          return known.digest === idempotency.digest
            ? { kind: "repeated", runId: known.runId }
            : { kind: "mismatch" };
        };
        const earlier = await repeated();
        if (earlier) return earlier;
        if (await isFull(use, maxPending)) return { kind: "full" };
        const row = await insert(use, run);
        if (row) return { kind: "created", row };
        // Another create under this key was stored meanwhile.
        return (await repeated()) ?? { kind: "mismatch" };
      }),
    get: (runId) => patiently((use) => byId(use, runId)),
    async paramsOf(runId) {
      const [stored] = await patiently(({ query }) =>
        query(`select params from ${runs} where run_id = $1`, [runId]),
      );
      return stored && (JSON.parse(String(stored["params"])) as Record<string, unknown>);
    },
    findByKey: (key) => patiently((use) => byKey(use, key)),
    async change(seen, change) {
      const { runId, status, revision, owner, attempts } = seen;
      const fields = Object.keys(change) as (keyof RunChange)[];
      const sets = fields.map((field, at) => `${COLUMNS[field]} = $${at + 6}`);
      if (!isEnded(status)) sets.push("revision = revision + 1");
      const row = await patiently(async (use, isAgain) => {
        const [changed] = await use.query(
          `update ${runs} set ${sets.join(", ")}
           where run_id = $1 and status = $2 and revision = $3 and owner is not distinct from $4
             and attempts = $5 returning ${ROW}`,
          [runId, status, revision, owner, attempts, ...fields.map((field) => change[field])],
        );
        if (changed || !isAgain) return changed as unknown as RunRow | undefined;
        const stored = await byId(use, runId);
        return stored && isMade(stored, seen, change) ? stored : undefined;
      });
      if (row) listener.know(row);
      return row;
    },
    list: (selection) => patiently((use) => rowsWhere(use, `${WHERE[selection]} order by seq`, [])),
    async countActive() {
      return (await patiently(({ query }) =>
        query(
          `select status, model_id as "modelId", count(*) as runs from ${runs}
           where ${WHERE.active} group by status, model_id`,
        ),
      )) as unknown[] as ActiveCount[];
    },
    retirement: createPostgresRetirement(connection),
    watch: listener.watch,
    async fault() {
      try {
        await patiently(({ query }) => query("select 1"));
        return undefined;
      } catch (cause) {
        return (cause as Error).message;
      }
    },
    // It may come back at any time.
    lost: new Promise(() => {}),
    async close() {
      await listener.close();
      await connection.close();
    },
  };
}
