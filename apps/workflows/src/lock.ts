import Database from "libsql";

/**
 * Makes this process the only service that works on a data directory, until `release` or its death: the lock is
 * SQLite's own on a file of its own, so the system frees it however the process ends. Undefined when another has it.
 */
export function lock(file: string): { release(): void } | undefined {
  const db = new Database(file, { timeout: 0 });
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
