import { openDatabase } from "@modly-runs/flows/local";
import type Database from "libsql";

import { columnOf, deliveryOf, rowOf, type Stored, type StoredWebhook, valuesOf } from "./rows.ts";
import type { DueWebhook, Filter, Webhook, WorkflowRow, WorkflowStore } from "./workflow-store.ts";

const LAYOUT = 1;

const TABLES = `
  create table workflows (
    seq             integer primary key autoincrement,
    id              text not null unique,
    tenant          text not null,
    name            text not null,
    description     text,
    webhook_url     text,
    status          text not null,
    settled         integer not null,
    resumed_from    integer,
    errors          text not null,
    body            text not null,
    origin_instance text not null,
    origin_tenant   text,
    created_at      integer not null,
    updated_at      integer not null,
    started_at      integer,
    completed_at    integer,
    deleted_at      integer
  ) strict;
  create index workflows_by_tenant on workflows (tenant, seq);
  create index workflows_unsettled on workflows (seq) where settled = 0;
  create table webhooks (
    seq         integer primary key autoincrement,
    id          text not null unique,
    workflow    text not null references workflows (id) on delete cascade,
    type        text not null,
    url         text not null,
    payload     text not null,
    status      text not null,
    attempts    integer not null,
    next_at     integer,
    last_status integer,
    last_error  text,
    created_at  integer not null
  ) strict;
  create index webhooks_due on webhooks (next_at) where status = 'pending';
  create index webhooks_by_workflow on webhooks (workflow, seq);
`;

/**
 * Keeps workflows in one SQLite file.
 *
 * @throws StoreUnusable when the file is another program's or of another version.
 */
export function openWorkflowStore(file: string): WorkflowStore {
  const db = openDatabase(file, { layout: LAYOUT, tables: TABLES });
  const sql = statements(db);
  const together = db.transaction((work: () => unknown) => work());
  const get = (id: string) => {
    const row = sql.get.get(id) as Stored | undefined;
    return row && rowOf(row);
  };
  const add = (webhooks: readonly Webhook[]) => {
    for (const { id, workflowId, type, url, payload, createdAt } of webhooks)
      sql.webhook.run(id, workflowId, type, url, payload, createdAt, createdAt);
  };

  return {
    async create(row, webhooks = []) {
      together(() => {
        sql.create.run(...valuesOf(row));
        add(webhooks);
      });
    },
    get: async (id) => get(id),
    async list(filter) {
      const { where, values } = narrowed(filter);
      const count = db.prepare(`select count(*) as n from workflows where ${where}`);
      const page = db.prepare(
        `select * from workflows where ${where} order by seq desc limit ? offset ?`,
      );
      const rows = page.all(...values, filter.limit, filter.skip) as Stored[];
      return { rows: rows.map(rowOf), total: (count.get(...values) as { n: number }).n };
    },
    async change(id, was, change, webhooks = []) {
      return together(() => {
        const columns = Object.entries(change).map(([key, value]) => columnOf(key, value));
        const set = [...columns.map(([name]) => `${name} = ?`), "updated_at = max(updated_at, ?)"];
        const { changes } = db
          .prepare(`update workflows set ${set.join(", ")} where id = ? and status = ?`)
          .run(...columns.map(([, value]) => value), Date.now(), id, was);
        if (changes !== 1) return undefined;
        add(webhooks);
        return get(id);
      }) as WorkflowRow | undefined;
    },
    async unsettled() {
      return (sql.unsettled.all() as { id: string }[]).map(({ id }) => id);
    },
    running: async () => (sql.running.get() as { n: number }).n,
    async add(webhooks) {
      if (webhooks.length > 0) together(() => add(webhooks));
    },
    async due(now, most) {
      const due = (sql.due.all(now, most) as StoredWebhook[]).map((row): DueWebhook => ({
        id: row.id,
        workflowId: row.workflow,
        type: row.type,
        url: row.url,
        payload: row.payload,
        createdAt: row.created_at,
        attempts: row.attempts,
      }));
      const { at } = sql.next.get() as { at: number | null };
      return { due, nextAt: at };
    },
    async sent(id, sent) {
      if (sent.status === "delivered") sql.sent.run("delivered", null, sent.answered, null, id);
      else sql.sent.run(sent.status, sent.nextAt, sent.answered, sent.error, id);
    },
    async deliveries(workflowId) {
      return (sql.deliveries.all(workflowId) as StoredWebhook[]).map(deliveryOf);
    },
    close: () => void db.close(),
  };
}

const statements = (db: Database.Database) => ({
  create: db.prepare(
    `insert into workflows (id, tenant, name, description, webhook_url, status, settled, resumed_from, errors, body,
       origin_instance, origin_tenant, created_at, updated_at, started_at, completed_at, deleted_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  get: db.prepare("select * from workflows where id = ?"),
  unsettled: db.prepare("select id from workflows where settled = 0 order by seq"),
  running: db.prepare("select count(*) as n from workflows where settled = 0"),
  webhook: db.prepare(
    `insert or ignore into webhooks (id, workflow, type, url, payload, status, attempts, next_at, created_at)
     values (?, ?, ?, ?, ?, 'pending', 0, ?, ?)`,
  ),
  due: db.prepare(
    "select * from webhooks where status = 'pending' and next_at <= ? order by next_at, seq limit ?",
  ),
  next: db.prepare("select min(next_at) as at from webhooks where status = 'pending'"),
  sent: db.prepare(
    `update webhooks set status = ?, next_at = ?, last_status = ?, last_error = ?, attempts = attempts + 1
     where id = ?`,
  ),
  deliveries: db.prepare("select * from webhooks where workflow = ? order by seq"),
});

function narrowed({ tenant, status, originInstance, originTenantId, includeDeleted }: Filter) {
  const wanted = [
    ["tenant = ?", tenant],
    ["status = ?", status],
    ["origin_instance = ?", originInstance],
    ["origin_tenant = ?", originTenantId],
  ].filter((one): one is [string, string] => one[1] !== undefined);
  const where = [
    ...wanted.map(([text]) => text),
    ...(includeDeleted ? [] : ["deleted_at is null"]),
  ];
  return { where: where.join(" and ") || "true", values: wanted.map(([, value]) => value) };
}
