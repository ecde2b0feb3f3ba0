/**
 * Why a call did not give what was asked for. Programs match the code, people read the message.
 *
 * A missing server, a refused picture or a full disk are part of every day, so they are values that the
 * type makes you look at. What is thrown is a mistake in the calling code.
 */
export const FAILURES = {
  unreachable:
    "No answer came: nothing listens, the connection broke, or it stayed silent too long",
  refused: "The server answered that it won't; `status` and `reason` say more",
  not_found: "The server knows no such run or file (404)",
  unexpected: "The answer is not one of the contract",
  not_done: "The run has no mesh, because it is not done",
  run_error: "The run ended in an error; the message is the server's",
  run_cancelled: "The run was cancelled",
  broken_mesh: "The mesh arrived incomplete or is no glTF",
  local_file: "A file on this machine can't be read or written",
  aborted: "The caller's signal stopped it",
} as const;

/** One of the keys of {@link FAILURES}. */
export type FailureCode = keyof typeof FAILURES;

/** What went wrong, with one sentence that can be shown to a person as it is. */
export interface Failure {
  code: FailureCode;
  message: string;
  /** HTTP status, where the server answered. */
  status?: number;
  /** The server's own stable word, its problem's `code`, where it gives one. */
  reason?: string;
  /** Seconds after which the server thinks another try makes sense. */
  retryAfter?: number;
  /** The run it is about, where one was created. */
  runId?: string;
  cause?: unknown;
}

/** Either what was asked for, or why not. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** The good outcome. */
export function succeed<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** The other outcome: a code, one sentence, and what else is known. */
export function fail(
  code: FailureCode,
  message: string,
  more: Omit<Failure, "code" | "message"> = {},
): { ok: false; failure: Failure } {
  return { ok: false, failure: { code, message, ...more } };
}

/** True for a failure that the next try may not meet: a restart, a full queue, a dropped connection. */
export function isPassing({ code, status = 0 }: Failure): boolean {
  return code === "unreachable" || status === 408 || status === 429 || status >= 500;
}
