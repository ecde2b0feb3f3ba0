import { randomUUID } from "node:crypto";

import pg from "pg";

/** A schema of its own in a database that others use too. */
export interface TestDatabase {
  /** The database's address, with the schema in it. */
  readonly url: string;
  readonly schema: string;
  /** Asks the database itself, past everything of ours. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Removes the schema with all that is in it, and the queue's beside it. */
  drop(): Promise<void>;
}

/** Names a schema that nobody else uses. Whoever opens the address makes it. */
export async function databaseForTest(address: string): Promise<TestDatabase> {
  const schema = `t${randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const url = new URL(address);
  url.searchParams.set("schema", schema);
  const pool = new pg.Pool({ connectionString: address, max: 2 });
  // It may be cut off on purpose.
  pool.on("error", () => {});
  return {
    url: url.href,
    schema,
    query: async (sql) => (await pool.query<Record<string, unknown>>(sql)).rows,
    async drop() {
      await pool.query(`drop schema if exists ${schema} cascade`);
      await pool.query(`drop schema if exists ${schema}_queue cascade`);
      await pool.end();
    },
  };
}
