import { UNSETTLED } from "../columns.ts";
import type { Connection } from "./connection.ts";

/**
 * How the layout grew, step by step. A node of the version before may work on the same store, so a
 * step only adds: what an older node does not know must have a default, and nothing it uses goes.
 * Where that can't be, raise `needs` with it.
 */
const STEPS: readonly { readonly needs: number; readonly sql: string }[] = [
  {
    needs: 1,
    sql: `
create table runs (
  seq             bigint generated always as identity primary key,
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
  mesh_sha256     text,
  mesh_bytes      bigint,
  mesh_is_ours    boolean not null default false,
  handle          text,
  owner           text,
  attempts        integer not null,
  revision        integer not null,
  created_at      bigint not null,
  started_at      bigint,
  finished_at     bigint,
  idempotency_key text unique,
  digest          text
);
create index runs_active on runs (status, seq) where status in ('pending', 'running');
create index runs_unsettled on runs (seq)
  where ${UNSETTLED} or finished_at is not null and owner is not null;
create index runs_ended on runs (finished_at, seq) include (mesh_is_ours, mesh_bytes)
  where finished_at is not null;
create index runs_of_others on runs (workspace_path)
  where not mesh_is_ours and workspace_path is not null;
create index runs_paths on runs (workspace_path) where workspace_path is not null;
create table retired (
  seq         bigint generated always as identity primary key,
  run_id      text not null unique,
  retired_at  bigint not null,
  mesh_path   text,
  mesh_sha256 text,
  mesh_bytes  bigint
);
create index retired_unremoved on retired (seq) where mesh_path is not null;
create table members (
  id      text primary key,
  offers  text not null,
  seen_at timestamptz not null
);
create function tell_change() returns trigger language plpgsql as $$
begin
  perform pg_notify(TG_TABLE_SCHEMA || '_changes', new.run_id || ' ' || new.revision);
  return null;
end $$;
create trigger tell_change after update of revision on runs
  for each row when (new.revision <> old.revision) execute function tell_change();`,
  },
];

/** Says what is wrong with a store that can't be used; it is left as it is. */
export class LayoutUnusable extends Error {
  override name = "LayoutUnusable";
}

/** The channel that `tell_change` speaks on. */
export const channelOf = (schema: string) => `${schema}_changes`;

/** Brings the layout up to date, once, however many nodes start at the same time. */
export async function migrate({ transaction, schema }: Connection): Promise<void> {
  await transaction(async ({ query }) => {
    await query("select pg_advisory_xact_lock(hashtext($1))", [`modly-runs ${schema}`]);
    await query(`create schema if not exists ${schema}`);
    await query(`set local search_path to ${schema}`);
    // What a node must know to work here, and what is there.
    await query(
      `create table if not exists layout (version integer not null, needs integer not null)`,
    );
    const [found] = await query("select version, needs from layout");
    const { version, needs } = (found ?? { version: 0, needs: 0 }) as Record<
      "version" | "needs",
      number
    >;
    if (needs > STEPS.length)
      throw new LayoutUnusable(
        `it was made by a newer version of the server (layout ${needs}, this one knows up to ${STEPS.length})`,
      );
    if (version >= STEPS.length) return;
    for (const { sql } of STEPS.slice(version)) await query(sql);
    await query("delete from layout");
    await query("insert into layout (version, needs) values ($1, $2)", [
      STEPS.length,
      Math.max(needs, ...STEPS.map((step) => step.needs)),
    ]);
  });
}
