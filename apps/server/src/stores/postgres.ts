import type { Members } from "./members.ts";
import { connect } from "./postgres/connection.ts";
import { migrate } from "./postgres/layout.ts";
import { createPostgresMembers } from "./postgres/members.ts";
import { createPostgresStore } from "./postgres/store.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Opens the store that many processes share, in a schema of its own (`?schema=` in the address,
 * `modly_runs` otherwise), and makes it where it is not there.
 *
 * @param self names this process to the others
 * @throws Error when the database can't be reached, or holds a layout this version can't work with
 */
export async function openPostgres(
  address: string,
  self: string,
): Promise<{ store: RunStore; members: Members }> {
  const connection = connect(address);
  try {
    await migrate(connection);
  } catch (cause) {
    await connection.close();
    throw cause;
  }
  return {
    store: createPostgresStore(connection),
    members: createPostgresMembers(connection, self),
  };
}
