import Database from "libsql";

/** Milliseconds that a write waits for another process. */
const PATIENCE = 10_000;

/** How the tables came to be: the SQL of the first layout, and of each that changed it since. */
export type Layouts = readonly string[];

/** Says what is wrong with a file that can't be used as the store. */
export class StoreUnusable extends Error {
  override name = "StoreUnusable";
}

/**
 * Opens a SQLite file that keeps what it was told, and brings its tables up to date.
 *
 * @throws StoreUnusable when the file is another program's or of another version.
 */
export function openDatabase(file: string, layouts: Layouts): Database.Database {
  const db = new Database(file, { timeout: PATIENCE });
  try {
    db.pragma("journal_mode = WAL");
    // What was recorded is there after a power cut: what is done is not done again.
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    prepare(db, layouts);
    return db;
  } catch (cause) {
    db.close();
    throw cause instanceof StoreUnusable
      ? cause
      : new StoreUnusable(`${file} can't be used: ${(cause as Error).message}.`, { cause });
  }
}

/** Does what the file has not been through yet. */
function prepare(db: Database.Database, layouts: Layouts): void {
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
    if (found > layouts.length)
      throw new StoreUnusable(
        `The store was made by a later version (layout ${found}, this one reads ${layouts.length}).`,
      );
    if (found < layouts.length)
      db.exec(`${layouts.slice(found).join("\n")} pragma user_version = ${layouts.length};`);
    db.exec("commit");
  } catch (cause) {
    db.exec("rollback");
    throw cause;
  }
}
