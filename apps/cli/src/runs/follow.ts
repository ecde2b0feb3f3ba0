import { isEnded, type Run } from "@modly-runs/contract";

import { type Context, ended } from "../context.ts";
import { type Ending, EXIT } from "../exit.ts";
import type { WrittenFigures } from "../local/figures.ts";
import type { Found } from "../servers/servers.ts";
import { bar, type Terminal } from "../terminal.ts";
import { goOn, lost, tooLate } from "./go-on.ts";
import { saveMesh, type Target } from "./save.ts";

/** How to follow a run to its end. */
export interface FollowOptions {
  /** Where the mesh goes; nowhere if left out. */
  target?: Target | undefined;
  /** Seconds. The run goes on without us. */
  timeout?: number | undefined;
  /** How it is shown; a moving line if left out. */
  show?: ((run: Run) => void) | undefined;
  /** Shared by all that are followed at once, so that it is said once. */
  away?: Away | undefined;
}

/** How it ended, with the run and the files as far as they are known. */
export interface Followed {
  ending: Ending;
  run?: Run | undefined;
  files: string[];
  figures?: WrittenFigures | undefined;
}

/** Seconds that a server may be away: long enough to be started again, unless somebody knows better. */
const PATIENCE = Number(process.env["MODLY_RUNS_PATIENCE"]) || 60;

/** Says that the server is away and that it is back, each once. */
export class Away {
  readonly #terminal: Terminal;
  #said = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  begins(): void {
    if (this.#said) return;
    this.#said = true;
    this.#terminal.say(
      `The server does not answer. Trying again for ${PATIENCE === 60 ? "a minute" : `${PATIENCE} s`}; the run is not lost.`,
    );
  }

  ends(): void {
    if (this.#said) this.#terminal.say("The server answers again.");
    this.#said = false;
  }
}

/** Shows a run's progress, fetches its mesh and says how it ended. */
export async function follow(
  context: Context,
  found: Found,
  runId: string,
  options: FollowOptions,
): Promise<Followed> {
  const { terminal } = context;
  const { target, timeout, show = oneLine(terminal), away = new Away(terminal) } = options;
  const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000);
  const stops = [late, found.own?.gone].filter((signal) => signal !== undefined);
  const watching = found.client.watch(runId, {
    signal: AbortSignal.any(stops),
    patience: PATIENCE * 1000,
    onAway: () => found.own?.gone.aborted || away.begins(),
  });
  for await (const seen of watching) {
    if (!seen.ok && seen.failure.code === "aborted") {
      const ending = found.own?.gone.aborted
        ? lost(found, found.own, runId, target)
        : tooLate(found, runId, timeout, target);
      return { ending, files: [] };
    }
    if (!seen.ok) {
      const ending = ended(found, seen.failure);
      const again =
        seen.failure.code === "not_found"
          ? ""
          : ` When it is back, go on with \`${goOn(found, runId, target)}\`.`;
      return { ending: { ...ending, message: seen.failure.message + again }, files: [] };
    }
    const run = seen.value;
    away.ends();
    context.event("progress", { run });
    show(run);
    if (isEnded(run.status)) return finish(context, found, run, target);
  }
  return {
    ending: { exit: EXIT.unexpected, message: `Run ${runId} went out of sight.` },
    files: [],
  };
}

function oneLine(terminal: Terminal): (run: Run) => void {
  return (run) => terminal.progress(`${bar(run.progress)} ${stepOf(run)}`, stepOf(run));
}

/** What a run is at, in words. */
export function stepOf(run: Run): string {
  if (run.status !== "pending") return run.step ?? run.status;
  const place = run.queue_position;
  return typeof place === "number" && place > 0 ? `Waiting, ${place} before this one` : "Waiting";
}

/** What there is to do with a run that has ended. */
async function finish(
  { terminal }: Context,
  found: Found,
  run: Run,
  target: Target | undefined,
): Promise<Followed> {
  if (run.status === "error")
    return {
      run,
      files: [],
      ending: { exit: EXIT.runError, message: `The run failed: ${run.error}`, code: "run_error" },
    };
  if (run.status !== "done")
    return {
      run,
      files: [],
      ending: {
        exit: EXIT.runCancelled,
        message: `Run ${run.run_id} was cancelled.`,
        code: "run_cancelled",
      },
    };
  if (target === undefined) return { run, files: [], ending: { exit: EXIT.ok } };
  const saved = await saveMesh(found, run, target, terminal);
  if (saved.ok) return { run, ...saved.value, ending: { exit: EXIT.ok } };
  // Who closes our stdout has read enough: that is no fault of a file.
  if (target.file === "-" && terminal.dataLost())
    return { run, files: [], ending: { exit: EXIT.pipeClosed } };
  const ending = ended(found, saved.failure);
  const again = `The mesh is still on the server: \`${goOn(found, run.run_id, target)}\`.`;
  return { run, files: [], ending: { ...ending, message: `${saved.failure.message} ${again}` } };
}
