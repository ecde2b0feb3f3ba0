import { isEnded, type Run } from "@modly-runs/contract";

import { type Context, ended } from "../context.ts";
import { type Ending, EXIT } from "../exit.ts";
import { quoted, SELF } from "../self.ts";
import type { Found } from "../servers/servers.ts";
import { bar } from "../terminal.ts";
import { saveMesh, type Target } from "./save.ts";

/** How to follow a run to its end. */
export interface FollowOptions {
  /** Where the mesh goes; nowhere if left out. */
  target?: Target | undefined;
  /** Seconds. The run goes on without us. */
  timeout?: number | undefined;
  /** In front of each line, where there are several runs. */
  label?: string | undefined;
}

/** How it ended, with the run and the files as far as they are known. */
export interface Followed {
  ending: Ending;
  run?: Run | undefined;
  files: string[];
}

/** Shows a run's progress, fetches its mesh and says how it ended. */
export async function follow(
  context: Context,
  found: Found,
  runId: string,
  { target, timeout, label = "" }: FollowOptions,
): Promise<Followed> {
  const { terminal } = context;
  const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000);
  const onAway = () =>
    terminal.say(
      `${label}The server does not answer. Trying again for a minute; the run is not lost.`,
    );
  for await (const seen of found.client.watch(runId, { signal, onAway })) {
    if (!seen.ok && seen.failure.code === "aborted")
      return { ending: tooLate(found, runId, timeout, target), files: [] };
    if (!seen.ok) {
      const ending = ended(found, seen.failure);
      const again =
        seen.failure.code === "not_found" ? "" : ` Go on with \`${goOn(found, runId, target)}\`.`;
      return { ending: { ...ending, message: ending.message + again }, files: [] };
    }
    const run = seen.value;
    const step = run.status === "pending" ? waiting(run) : (run.step ?? run.status);
    context.event("progress", { run });
    if (!label) terminal.progress(terminalLine(run.progress, step), step);
    if (isEnded(run.status)) return finish(context, found, run, target);
  }
  return {
    ending: { exit: EXIT.unexpected, message: `Run ${runId} went out of sight.` },
    files: [],
  };
}

const terminalLine = (percent: number, step: string) => `${bar(percent)} ${step}`;

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
  if (saved.ok) return { run, files: saved.value, ending: { exit: EXIT.ok } };
  // Who closes our stdout has read enough: that is no fault of a file.
  if (target.file === "-" && terminal.dataLost())
    return { run, files: [], ending: { exit: EXIT.pipeClosed } };
  const ending = ended(found, saved.failure);
  const again = `The mesh is still on the server: \`${SELF} download ${run.run_id} -o FILE\`.`;
  return { run, files: [], ending: { ...ending, message: `${saved.failure.message} ${again}` } };
}

/** The command that takes a run up where we leave it. */
function goOn({ apiUrl, isPrivate }: Found, runId: string, target: Target | undefined): string {
  const file = target && target.file !== "-" ? ` -o ${quoted(target.file)}` : "";
  return `${SELF} wait ${runId}${file}${isPrivate ? "" : ` --api-url ${apiUrl}`}`;
}

function tooLate(
  found: Found,
  runId: string,
  timeout: number | undefined,
  target?: Target,
): Ending {
  const fate = found.isPrivate
    ? "Our own server stops now and takes it up again with"
    : "It goes on; see it with";
  const message = `The run has not ended within ${timeout} s. ${fate} \`${goOn(found, runId, target)}\`, stop it with \`${SELF} cancel ${runId}\`.`;
  return { exit: EXIT.timeout, message, code: "timeout", result: { run: { run_id: runId } } };
}

function waiting(run: Run): string {
  const place = run.queue_position;
  return typeof place === "number" && place > 0 ? `Waiting, ${place} before this one` : "Waiting";
}
