const codeOf = (cause: unknown) => String((cause as { code?: unknown } | null | undefined)?.code);

/** True when a disk has no room. SQLite says FULL for the disk only; a quota is a failed write to it. */
export const isOutOfRoom = (cause: unknown): boolean =>
  ["ENOSPC", "EDQUOT", "SQLITE_FULL", "SQLITE_IOERR_WRITE"].includes(codeOf(cause));

/** True when the process, or the whole system, may open no more files for the moment. */
export const isOutOfHandles = (cause: unknown): boolean =>
  ["EMFILE", "ENFILE"].includes(codeOf(cause));

/** True when a store can't be reached for the moment. What was under way may have been stored or not. */
export const isAway = (cause: unknown): boolean => codeOf(cause) === "STORE_AWAY";

/** True when the same may work later, and nobody did anything wrong. */
export const mayPass = (cause: unknown): boolean =>
  isAway(cause) ||
  isOutOfRoom(cause) ||
  isOutOfHandles(cause) ||
  /^SQLITE_(BUSY|IOERR|CANTOPEN)/.test(codeOf(cause));
