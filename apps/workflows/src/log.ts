import type { Logger } from "pino";

/** What the rest of the service needs of a log; pino's own shape. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;
