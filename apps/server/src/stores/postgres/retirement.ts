import type { EndedRun, RetirementStore } from "../run-store.ts";
import type { Connection } from "./connection.ts";

/** So many retired runs are remembered, and up to twice as many. */
const RETIRED_KEPT = 100_000;

const MESH = "case when status = 'done' and mesh_is_ours then workspace_path end";

/** How ended runs leave PostgreSQL. */
export function createPostgresRetirement(connection: Connection): RetirementStore {
  const { patiently, transaction, schema } = connection;
  const [runs, retired] = [`${schema}.runs`, `${schema}.retired`];
  const ask = <T>(sql: string, values: readonly unknown[] = []) =>
    patiently(async ({ query }) => (await query(sql, values)) as unknown[] as T[]);
  return {
    oldest: (limit, after) =>
      ask<EndedRun>(
        `select run_id as "runId", finished_at as "finishedAt", seq as place, ${MESH} as "meshPath",
           mesh_sha256 as "meshSha256", coalesce(mesh_bytes, 0) as "meshBytes"
         from ${runs} where finished_at is not null and (finished_at, seq) > ($1, $2)
         order by finished_at, seq limit $3`,
        [after?.finishedAt ?? -1, after?.place ?? -1, limit],
      ),
    async keptBytes() {
      const [found] = await ask<{ bytes: number }>(
        `select coalesce(sum(mesh_bytes), 0)::bigint as bytes from ${runs}
         where finished_at is not null and mesh_is_ours`,
      );
      return found!.bytes;
    },
    retire: (runId, now) =>
      transaction(async ({ query }, isAgain) => {
        // A mesh that another run shows too is left to that one.
        const inherited = await query(
          `update ${runs} set mesh_is_ours = true where seq = (
             select other.seq from ${runs} as run
               join ${runs} as other on other.workspace_path = run.workspace_path
             where run.run_id = $1 and run.mesh_is_ours and not other.mesh_is_ours
               and other.workspace_path is not null and other.status = 'done' limit 1) returning seq`,
          [runId],
        );
        if (inherited.length > 0)
          await query(`update ${runs} set mesh_is_ours = false where run_id = $1`, [runId]);
        const [buried] = await query(
          `insert into ${retired} (run_id, retired_at, mesh_path, mesh_sha256, mesh_bytes)
           select run_id, $2::bigint, ${MESH}, mesh_sha256, mesh_bytes
           from ${runs} where run_id = $1 and finished_at is not null
           on conflict (run_id) do nothing returning seq`,
          [runId, now],
        );
        if (!buried)
          return (
            isAgain &&
            (await query(`select 1 from ${retired} where run_id = $1`, [runId])).length > 0
          );
        await query(`delete from ${runs} where run_id = $1`, [runId]);
        const seq = Number(buried["seq"]);
        if (seq % RETIRED_KEPT === 0)
          await query(`delete from ${retired} where seq <= $1 and mesh_path is null`, [
            seq - RETIRED_KEPT,
          ]);
        return true;
      }),
    unremoved: () =>
      ask<EndedRun>(
        `select run_id as "runId", retired_at as "finishedAt", seq as place,
           mesh_path as "meshPath", mesh_sha256 as "meshSha256",
           coalesce(mesh_bytes, 0) as "meshBytes"
         from ${retired} where mesh_path is not null order by seq`,
      ),
    async removed(runId) {
      await ask(`update ${retired} set mesh_path = null where run_id = $1`, [runId]);
    },
    isRetired: async (runId) =>
      (await ask(`select 1 from ${retired} where run_id = $1`, [runId])).length > 0,
  };
}
