import Database from "libsql";

/** Milliseconds that a write waits for another process. */
const PATIENCE = 10_000;

/** What a file holds: the number of its layout, and the SQL that makes its tables. */
export interface Layout {
  readonly layout: number;
  readonly tables: string;
}

/** Says what is wrong with a file that can't be used as the store. */
export class StoreUnusable extends Error {
  override name = "StoreUnusable";
}

/**
 * Opens a SQLite file that keeps what it was told, and makes its tables at the first start.
 *
 * @throws StoreUnusable when the file is another program's or of another version.
 */
export function openDatabase(file: string, layout: Layout): Database.Database {
  const db = new Database(file, { timeout: PATIENCE });
  try {
    db.pragma("journal_mode = WAL");
    // What was recorded is there after a power cut: what is done is not done again.
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    prepare(db, layout);
    return db;
  } catch (cause) {
    db.close();
    throw cause instanceof StoreUnusable
      ? cause
      : new StoreUnusable(`${file} can't be used: ${(cause as Error).message}.`, { cause });
  }
}

/** Makes the tables at the first start. */
function prepare(db: Database.Database, { layout, tables }: Layout): void {
  db.exec("begin immediate");
  try {
    const { user_version: found } = db.prepare("pragma user_version").get() as {
      user_version: number;
    };
    const { n: others } = db.prepare("select count(*) as n from sqlite_master").get() as {
      n: number;
    };
    if (found === 0 && others > 0)
      throw new StoreUnusable("The file of the store was made by another program.");
    if (found > layout)
      throw new StoreUnusable(
        `The store was made by a later version (layout ${found}, this one reads ${layout}).`,
      );
    if (found === 0) db.exec(`${tables} pragma user_version = ${layout};`);
    db.exec("commit");
  } catch (cause) {
    db.exec("rollback");
    throw cause;
  }
}
