import { heldTo, openDatabase } from "@modly-runs/flows/local";
import type Database from "libsql";

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
} from "./rows.ts";
import type { Earlier, Webhook, WorkflowRow, WorkflowStore } from "./workflow-store.ts";

const LAYOUTS = [
  `
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
`,
  `
  alter table workflows add column revision integer not null default 1;
  alter table workflows add column idempotency_key text;
  alter table workflows add column digest text;
  create unique index workflows_by_key on workflows (tenant, idempotency_key);
`,
];

/**
 * Keeps workflows in one SQLite file.
 *
 * @throws StoreUnusable when the file is another program's or of another version.
 */
export function openWorkflowStore(file: string): WorkflowStore {
  const db = openDatabase(file, LAYOUTS);
  const sql = statements(db);
  const together = db.transaction((work: () => unknown) => work());
  const get = (id: string) => {
    const row = sql.get.get(id) as Stored | undefined;
    return row && rowOf(row);
  };
  const add = (webhooks: readonly Webhook[]) => {
    for (const webhook of webhooks) sql.webhook.run(...webhookValues(webhook));
  };
  const earlier = (tenant: string, key: string) => {
    const row = sql.earlier.get(tenant, key) as Earlier | undefined;
    return row && { id: row.id, digest: row.digest };
  };

  const store: WorkflowStore = {
    async create(row, webhooks = [], idempotency) {
      return together(() => {
        const before = idempotency && earlier(row.tenant, idempotency.key);
        if (before) return before;
        sql.create.run(...valuesOf(row, idempotency));
        add(webhooks);
        return undefined;
      }) as Earlier | undefined;
    },
    earlier: async (tenant, key) => earlier(tenant, key),
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
    async change({ id, revision }, change, webhooks = []) {
      return together(() => {
        const columns = Object.entries(change).map(([key, value]) => columnOf(key, value));
        const set = [
          ...columns.map(([name]) => `${name} = ?`),
          "updated_at = max(updated_at, ?)",
          "revision = revision + 1",
        ];
        const { changes } = db
          .prepare(`update workflows set ${set.join(", ")} where id = ? and revision = ?`)
          .run(...columns.map(([, value]) => value), Date.now(), id, revision);
        if (changes !== 1) return undefined;
        add(webhooks);
        return get(id);
      }) as WorkflowRow | undefined;
    },
    async unsettled() {
      const rows = sql.unsettled.all() as Pick<WorkflowRow, "id" | "status">[];
      return rows.map(({ id, status }) => ({ id, status }));
    },
    running: async () => (sql.running.get() as { n: number }).n,
    async add(webhooks) {
      if (webhooks.length > 0) together(() => add(webhooks));
    },
    async due(now, most, besides) {
      // There is one process.
      const due = sql.due.all(now, JSON.stringify(besides), most) as StoredWebhook[];
      const { at } = sql.next.get() as { at: number | null };
      return { due: due.map(dueOf), nextAt: at };
    },
    async sent(id, sent) {
      if (sent.status === "delivered") sql.sent.run("delivered", null, sent.answered, null, id);
      else sql.sent.run(sent.status, sent.nextAt, sent.answered, sent.error, id);
    },
    async deliveries(workflowId) {
      return (sql.deliveries.all(workflowId) as StoredWebhook[]).map(deliveryOf);
    },
    async close() {
      db.close();
    },
  };
  return heldTo(file, store, ["create", "change", "add", "sent"]);
}

/** A `?` for each column. */
const places = (columns: string) => columns.replaceAll(/\w+/g, "?");

const statements = (db: Database.Database) => ({
  create: db.prepare(`insert into workflows (${NEW}) values (${places(NEW)})`),
  earlier: db.prepare("select id, digest from workflows where tenant = ? and idempotency_key = ?"),
  get: db.prepare("select * from workflows where id = ?"),
  unsettled: db.prepare("select id, status from workflows where settled = 0 order by seq"),
  running: db.prepare("select count(*) as n from workflows where settled = 0"),
  webhook: db.prepare(
    `insert or ignore into webhooks (${NEW_WEBHOOK}) values (${places(NEW_WEBHOOK)})`,
  ),
  due: db.prepare(
    `select * from webhooks where status = 'pending' and next_at <= ?
       and id not in (select value from json_each(?)) order by next_at, seq limit ?`,
  ),
  next: db.prepare("select min(next_at) as at from webhooks where status = 'pending'"),
  sent: db.prepare(
    `update webhooks set status = ?, next_at = ?, last_status = ?, last_error = ?, attempts = attempts + 1
     where id = ? and status = 'pending'`,
  ),
  deliveries: db.prepare("select * from webhooks where workflow = ? order by seq"),
});
