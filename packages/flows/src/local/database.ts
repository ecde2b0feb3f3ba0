import { statSync } from "node:fs";

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

/**
 * A store whose changes are refused, with the code `STORE_AWAY`, once its file is gone or another one: what an open file
 * without a name takes is lost when it is closed. What was read can be read on, and a file that is put back is taken up.
 *
 * @param changes the names of what changes the store
 */
export function heldTo<S extends object>(file: string, store: S, changes: readonly (keyof S)[]): S {
  const idOf = () => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found && `${found.dev}:${found.ino}`;
  };
  const opened = idOf();
  const held = { ...store };
  for (const name of changes) {
    const change = store[name] as (...given: unknown[]) => Promise<unknown>;
    const checked = async (...given: unknown[]) => {
      if (idOf() === opened) return change(...given);
      throw Object.assign(new Error(`The store ${file} was moved, removed or replaced.`), {
        code: "STORE_AWAY",
      });
    };
    held[name] = checked as S[typeof name];
  }
  return held;
}
