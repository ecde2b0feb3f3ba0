import {
  columnOf,
  deliveryOf,
  dueOf,
  narrowed,
  NEW,
  NEW_WEBHOOK,
  rowOf,
  type Stored,
  type StoredWebhook,
  valuesOf,
  webhookValues,
} from "../rows.ts";
import type { Earlier, Webhook, WorkflowRow, WorkflowStore } from "../workflow-store.ts";
import { type Ask, type Connection, storable } from "./connection.ts";

/** A webhook that a node is at is given to another one when nothing was heard of it for so long, ms. */
const HELD_MS = 30_000;

async function rowIn(ask: Ask, id: string): Promise<WorkflowRow | undefined> {
  const [row] = await ask<Stored>("select * from workflows where id = ?", [id]);
  return row && rowOf(row);
}

async function add(ask: Ask, webhooks: readonly Webhook[]): Promise<void> {
  for (const webhook of webhooks) {
    const values = webhookValues(webhook);
    await ask(
      `insert into webhooks (${NEW_WEBHOOK}) values (${values.map(() => "?").join(", ")})
       on conflict (id) do nothing`,
      values,
    );
  }
}

async function earlier(ask: Ask, tenant: string, key: string): Promise<Earlier | undefined> {
  const [row] = await ask<Earlier>(
    "select id, digest from workflows where tenant = ? and idempotency_key = ?",
    [tenant, key],
  );
  return row;
}

/** Keeps workflows in PostgreSQL, for as many processes as there are. */
export function createPostgresWorkflows({
  patiently,
  transaction,
  close,
}: Connection): WorkflowStore {
  const ask: Ask = (sql, values) => patiently((use) => use(sql, values));
  const count = async (where: string, values: readonly unknown[] = []) =>
    (await ask<{ n: number }>(`select count(*) as n from workflows where ${where}`, values))[0]!.n;

  return {
    create: (row, webhooks = [], idempotency) =>
      transaction(async (use, isAgain) => {
        if (isAgain && (await rowIn(use, row.id))) return undefined;
        const values = valuesOf(row, idempotency);
        const made = await use(
          `insert into workflows (${NEW}) values (${values.map(() => "?").join(", ")})
           on conflict (tenant, idempotency_key) do nothing returning id`,
          values,
        );
        if (made.length === 0) return earlier(use, row.tenant, idempotency!.key);
        await add(use, webhooks);
        return undefined;
      }),
    earlier: (tenant, key) => patiently((use) => earlier(use, tenant, key)),
    get: (id) => patiently((use) => rowIn(use, id)),
    async list(filter) {
      const { where, values } = narrowed(filter);
      const page = `select * from workflows where ${where} order by seq desc limit ? offset ?`;
      const rows = await ask<Stored>(page, [...values, filter.limit, filter.skip]);
      return { rows: rows.map(rowOf), total: await count(where, values) };
    },
    change: (was, change, webhooks = []) =>
      transaction(async (use, isAgain) => {
        const columns = Object.entries(change).map(([key, value]) => columnOf(key, value));
        const set = [
          ...columns.map(([name]) => `${name} = ?`),
          "updated_at = greatest(updated_at, ?)",
          "revision = revision + 1",
        ];
        const [row] = await use<Stored>(
          `update workflows set ${set.join(", ")} where id = ? and revision = ? returning *`,
          [...columns.map(([, value]) => value), Date.now(), was.id, was.revision],
        );
        if (row) {
          await add(use, webhooks);
          return rowOf(row);
        }
        // An earlier try may have been stored after all, with its webhooks.
        const stored = isAgain ? await rowIn(use, was.id) : undefined;
        const isOurs =
          stored?.revision === was.revision + 1 &&
          Object.entries(change).every(([key, value]) => {
            const has = stored[key as keyof WorkflowRow];
            return JSON.stringify(has) === JSON.stringify(storable(value));
          });
        return isOurs ? stored : undefined;
      }),
    unsettled: () => ask("select id, status from workflows where settled = 0 order by seq"),
    running: () => count("settled = 0"),
    async add(webhooks) {
      if (webhooks.length > 0) await transaction((use) => add(use, webhooks));
    },
    async due(now, most, besides) {
      const due = await ask<StoredWebhook>(
        `with taken as materialized (
           select seq from webhooks where status = 'pending' and next_at <= ? and id <> all(?)
           order by next_at, seq limit ? for update skip locked)
         update webhooks set next_at = ?::bigint from taken where webhooks.seq = taken.seq
         returning webhooks.*`,
        [now, besides, most, now + HELD_MS],
      );
      const [next] = await ask<{ at: number | null }>(
        "select min(next_at) as at from webhooks where status = 'pending'",
      );
      return { due: due.sort((a, b) => a.seq - b.seq).map(dueOf), nextAt: next!.at };
    },
    async sent(id, sent) {
      const { status, answered } = sent;
      const { nextAt, error } = sent.status === "delivered" ? { nextAt: null, error: null } : sent;
      await ask(
        `update webhooks set status = ?, next_at = ?, last_status = ?, last_error = ?, attempts = attempts + 1
         where id = ? and status = 'pending'`,
        [status, nextAt, answered, error, id],
      );
    },
    async deliveries(workflowId) {
      const rows = await ask<StoredWebhook>(
        "select * from webhooks where workflow = ? order by seq",
        [workflowId],
      );
      return rows.map(deliveryOf);
    },
    close,
  };
}
