import type { Failure, FailureCode } from "@modly-runs/contract/client";

/** What the process ends with. Scripts and agents rely on these numbers: docs/cli.md lists them. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  noServer: 3,
  refused: 4,
  runError: 5,
  runCancelled: 6,
  timeout: 7,
  file: 8,
  interrupted: 130,
  pipeClosed: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How a command ends: with a number, and if it went wrong with one sentence. */
export interface Ending {
  exit: ExitCode;
  message?: string | undefined;
  /** The word that a program matches, for `--json`. */
  code?: string | undefined;
  /** What came of it, for `--json`: also of a failure, as far as it went. */
  result?: object | undefined;
}

const EXIT_OF_FAILURE: Record<FailureCode, ExitCode> = {
  unreachable: EXIT.noServer,
  refused: EXIT.refused,
  not_found: EXIT.refused,
  unexpected: EXIT.unexpected,
  not_done: EXIT.refused,
  run_error: EXIT.runError,
  run_cancelled: EXIT.runCancelled,
  broken_mesh: EXIT.file,
  local_file: EXIT.file,
  aborted: EXIT.timeout,
};

/** A failure of the client as an ending; `advice` is the sentence that says what to do. */
export function endingOf(failure: Failure, advice = ""): Ending {
  return {
    exit: EXIT_OF_FAILURE[failure.code],
    message: [failure.message, advice].filter(Boolean).join(" "),
    code: failure.reason ?? failure.code,
  };
}
