import type { Member, Members, Offer } from "../members.ts";
import type { Connection } from "./connection.ts";

/** A node that was not heard for so long is dead. */
const DEAD_AFTER = "8 seconds";
/** And after so long it is forgotten. */
const FORGOTTEN_AFTER = "7 days";

/** Nodes by their rows. Only the database's clock counts, since theirs may differ. */
export function createPostgresMembers(connection: Connection, self: string): Members {
  const { patiently, schema } = connection;
  const members = `${schema}.members`;
  return {
    self,
    async announce(offers) {
      await patiently(({ query }) =>
        query(
          `insert into ${members} (id, offers, seen_at) values ($1, $2, clock_timestamp())
           on conflict (id) do update set offers = excluded.offers, seen_at = excluded.seen_at`,
          [self, JSON.stringify(offers)],
        ),
      );
      await patiently(({ query }) =>
        query(`delete from ${members} where seen_at < clock_timestamp() - $1::interval`, [
          FORGOTTEN_AFTER,
        ]),
      );
    },
    async beat() {
      const found = await patiently(({ query }) =>
        query(`update ${members} set seen_at = clock_timestamp() where id = $1 returning id`, [
          self,
        ]),
      );
      return found.length > 0;
    },
    async list() {
      const rows = await patiently(({ query }) =>
        query(
          `select id, offers, seen_at > clock_timestamp() - $1::interval as "isLive"
           from ${members} order by id`,
          [DEAD_AFTER],
        ),
      );
      return (rows as { id: string; offers: string; isLive: boolean }[]).map(
        ({ id, offers, isLive }): Member => ({
          id,
          isLive,
          offers: JSON.parse(offers) as readonly Offer[],
        }),
      );
    },
    async leave() {
      // What it offered stays known, so that runs that wait for it do.
      await patiently(({ query }) =>
        query(`update ${members} set seen_at = seen_at - $2::interval where id = $1`, [
          self,
          DEAD_AFTER,
        ]),
      );
    },
  };
}
