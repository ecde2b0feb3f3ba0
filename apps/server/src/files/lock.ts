import path from "node:path";

import Database from "libsql";

/**
 * Makes this process the only one that works on a data directory, until `release` or its death.
 *
 * The lock is SQLite's own on a file of its own, so the system frees it however the process ends.
 * Undefined when another process holds it; throws when it can't be had for another reason, such as
 * a full disk.
 */
export function lockDirectory(dataDir: string): { release(): void } | undefined {
  const db = new Database(path.join(dataDir, "lock.db"), { timeout: 0 });
  try {
    db.exec("begin exclusive");
  } catch (cause) {
    db.close();
    if (String((cause as { code?: unknown }).code).startsWith("SQLITE_BUSY")) return undefined;
    throw cause;
  }
  return {
    release() {
      db.exec("rollback");
      db.close();
    },
  };
}
