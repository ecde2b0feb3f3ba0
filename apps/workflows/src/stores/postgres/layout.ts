import { randomUUID } from "node:crypto";

import type { Connection } from "./connection.ts";

/**
 * How the layout grew, step by step. A node of the version before may work on the same store, so a step only adds: what
 * an older node does not know must have a default, and nothing it uses goes. Where that can't be, raise `needs` with it.
 */
const STEPS: readonly { readonly needs: number; readonly sql: string }[] = [
  {
    needs: 1,
    sql: `
create table workflows (
  seq             bigint generated always as identity primary key,
  id              text not null unique,
  tenant          text not null,
  name            text not null,
  description     text,
  webhook_url     text,
  status          text not null,
  settled         integer not null,
  revision        integer not null,
  resumed_from    bigint,
  errors          text not null,
  body            text not null,
  origin_instance text not null,
  origin_tenant   text,
  idempotency_key text,
  digest          text,
  created_at      bigint not null,
  updated_at      bigint not null,
  started_at      bigint,
  completed_at    bigint,
  deleted_at      bigint,
  unique (tenant, idempotency_key)
);
create index workflows_by_tenant on workflows (tenant, seq);
create index workflows_unsettled on workflows (seq) where settled = 0;
create table webhooks (
  seq         bigint generated always as identity primary key,
  id          text not null unique,
  workflow    text not null references workflows (id) on delete cascade,
  type        text not null,
  url         text not null,
  payload     text not null,
  status      text not null,
  attempts    integer not null,
  next_at     bigint,
  last_status integer,
  last_error  text,
  created_at  bigint not null
);
create index webhooks_due on webhooks (next_at, seq) where status = 'pending';
create index webhooks_by_workflow on webhooks (workflow, seq);
create table flow_runs (
  seq        bigint generated always as identity primary key,
  id         text not null unique,
  name       text not null,
  definition text not null,
  plan       text not null,
  values_in  text not null,
  total      integer not null,
  status     text not null,
  created_at bigint not null,
  ended_at   bigint,
  holder     text,
  held_until timestamptz,
  wish       text
);
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
  seconds    double precision,
  started_at bigint,
  ended_at   bigint,
  primary key (flow_run, step)
);
create index flow_steps_by_mark on flow_steps (mark, ended_at) where status = 'done';
create table made (
  key      text primary key,
  flow_run text not null references flow_runs (id) on delete cascade,
  outputs  text not null
);
create index made_by_flow_run on made (flow_run);
create function tell_of_id() returns trigger language plpgsql as $$
begin
  perform pg_notify(TG_TABLE_SCHEMA || '_changes', new.id);
  return null;
end $$;
create function tell_of_flow_run() returns trigger language plpgsql as $$
begin
  perform pg_notify(TG_TABLE_SCHEMA || '_changes', new.flow_run);
  return null;
end $$;
create trigger tell_change after update on workflows for each row execute function tell_of_id();
create trigger tell_change after update of status on flow_runs
  for each row when (new.status <> old.status) execute function tell_of_id();
create trigger tell_change after insert or update on flow_steps
  for each row execute function tell_of_flow_run();`,
  },
];

/** Says what is wrong with a store that can't be used; it is left as it is. */
export class LayoutUnusable extends Error {
  override name = "LayoutUnusable";
}

/** The channel that changes are told on, by the id of their workflow. */
export const channelOf = (schema: string) => `${schema}_changes`;

/**
 * Brings the layout up to date, once, however many nodes start at the same time.
 *
 * @param onNew is called by the one that makes the store, before the others see it
 * @returns what tells this store from others
 */
export async function migrate(
  { transaction, schema }: Connection,
  onNew: (id: string) => void,
): Promise<string> {
  return transaction(async (ask) => {
    await ask("select pg_advisory_xact_lock(hashtext(?))", [`modly-workflows ${schema}`]);
    await ask(`create schema if not exists ${schema}`);
    // What a node must know to work here, and what is there.
    await ask(
      "create table if not exists layout (id text not null, version integer not null, needs integer not null)",
    );
    const [found] = await ask<{ id: string; version: number; needs: number }>(
      "select id, version, needs from layout",
    );
    const { id, version, needs } = found ?? { id: randomUUID(), version: 0, needs: 0 };
    if (needs > STEPS.length)
      throw new LayoutUnusable(
        `it was made by a newer version of the service (layout ${needs}, this one knows up to ${STEPS.length})`,
      );
    if (version < STEPS.length) {
      for (const { sql } of STEPS.slice(version)) await ask(sql);
      await ask("delete from layout");
      await ask("insert into layout (id, version, needs) values (?, ?, ?)", [
        id,
        STEPS.length,
        Math.max(needs, ...STEPS.map((step) => step.needs)),
      ]);
    }
    if (!found) onNew(id);
    return id;
  });
}
