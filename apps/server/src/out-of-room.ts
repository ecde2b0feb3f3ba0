/** SQLite says FULL for a full disk only; a quota and a limit on files are failed writes to it. */
const CODES: readonly unknown[] = [
  "ENOSPC",
  "EDQUOT",
  "EFBIG",
  "SQLITE_FULL",
  "SQLITE_IOERR_WRITE",
];

const codeOf = (cause: unknown) => (cause as { code?: unknown } | null | undefined)?.code;

/** True when something failed for want of room on a disk, in the store or beside it. */
export function isOutOfRoom(cause: unknown): boolean {
  return CODES.includes(codeOf(cause));
}

/** True when the same may work later: no room now, or a store that can't be written now. */
export function mayPass(cause: unknown): boolean {
  return (
    isOutOfRoom(cause) ||
    isStoreLost(cause) ||
    isStoreAway(cause) ||
    String(codeOf(cause)).startsWith("SQLITE_")
  );
}

/** True when the store can't be reached for the moment. What was under way may have been stored or not. */
export function isStoreAway(cause: unknown): boolean {
  return codeOf(cause) === "STORE_AWAY";
}

/** True when the store's file went away under the server. It may be put back. */
export function isStoreLost(cause: unknown): boolean {
  return codeOf(cause) === "STORE_LOST";
}

/** True when what writes the store has ended: nobody knows what became of what was under way. */
export function isStoreEnded(cause: unknown): boolean {
  return codeOf(cause) === "STORE_ENDED";
}

/** True when the process, or the whole system, may open no more files for the moment. */
export function isOutOfHandles(cause: unknown): boolean {
  return ["EMFILE", "ENFILE"].includes(String(codeOf(cause)));
}
