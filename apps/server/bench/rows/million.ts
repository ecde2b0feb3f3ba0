import path from "node:path";

import Database from "libsql";

import { flushFile } from "../../src/files/flush.ts";
import { createLibsqlStore } from "../../src/stores/libsql.ts";
import { hammer, requestOf } from "../hammer.ts";
import { interleave, judge, median } from "../row.ts";
import { stepsForm, withDirectory, withOurs } from "../sides.ts";

const RUNS = 1_000_000;

/** So many of them are read, in turn. */
const READ = 1000;

/** Puts ended runs with meshes of their own into a store, as so many creates would have. Gives some, spread over all. */
async function fill(dataDir: string, runs: number): Promise<string[]> {
  const file = path.join(dataDir, "runs.db");
  const store = await createLibsqlStore(file);
  await store.close();
  const db = new Database(file);
  db.exec(`pragma synchronous = off;
    insert into runs (run_id, model_id, collection, params, status, progress, step, workspace_path,
      mesh_sha256, mesh_bytes, mesh_is_ours, attempts, revision, created_at, started_at, finished_at)
    with recursive counted (n) as (select 1 union all select n + 1 from counted where n < ${runs})
    select lower(hex(randomblob(16))), 'builtin/auto', 'Default', '{"seed":1}', 'done', 100,
      'Completed', 'Default/' || n || '.glb', lower(hex(randomblob(32))), 100000, 1, 1, 9,
      1700000000000 + n, 1700000000000 + n, 1700000000000 + n
    from counted;
    pragma wal_checkpoint(truncate);`);
  const some = db.prepare("select run_id as id from runs where seq % ? = 0").all(runs / READ) as {
    id: string;
  }[];
  db.close();
  // Else the first changes would wait until the disk has all of it.
  await flushFile(file);
  return some.map(({ id }) => id);
}

async function startMs(dataDir: string): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 3; count++) {
    const began = performance.now();
    await withOurs(async () => times.push(performance.now() - began), { dataDir });
  }
  return median(times);
}

/**
 * Row 6: what a million ended runs cost. Reads go to a thousand runs spread over all of them, and on the
 * other side to the only thousand there are: how many are read has its own price.
 */
export const million = () =>
  withDirectory((empty) =>
    withDirectory(async (full) => {
      const ids = await fill(full, RUNS);
      const starts = { empty: await startMs(empty), full: await startMs(full) };
      const own = await fill(empty, READ);
      return withOurs(
        ({ url: few }) =>
          withOurs(
            async ({ url: many }) => {
              const { body, headers } = stepsForm(1, 0);
              const read = (base: string, of: readonly string[]) => {
                const requests = of.map((id) => requestOf("GET", `${base}/workflow-runs/${id}`));
                return async () => (await hammer(base, requests)).perSecond;
              };
              const create = (base: string) => async () => {
                const request = requestOf(
                  "POST",
                  `${base}/workflow-runs/from-image`,
                  headers,
                  body,
                );
                return (await hammer(base, [request], { connections: 8 })).perSecond;
              };
              const found = await interleave(5, {
                ...{ few: read(few, own), many: read(many, ids) },
                ...{ createFew: create(few), createMany: create(many) },
              });
              const unit = "times slower";
              return [
                judge({
                  ...{ name: "reads with 1,000,000 ended runs", unit, atMost: 1.2 },
                  ...{ ours: found.few, yardstick: found.many },
                }),
                judge({
                  ...{ name: "creates with 1,000,000 ended runs", unit, atMost: 1.2 },
                  ...{ ours: found.createFew, yardstick: found.createMany },
                }),
                judge({
                  ...{ name: "start-up with 1,000,000 ended runs", unit: "s more", atMost: 1 },
                  ours: (starts.full - starts.empty) / 1000,
                  note: `${Math.round(starts.empty)} ms with none`,
                }),
              ];
            },
            { dataDir: full, args: ["--max-pending=1000000"] },
          ),
        { dataDir: empty, args: ["--max-pending=1000000"] },
      );
    }),
  );
