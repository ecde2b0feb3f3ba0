import { isEnded, type Run } from "@modly-runs/contract";

import { type Context, ended } from "./context.ts";
import { type Ending, EXIT, EXIT_OF_END } from "./exit.ts";

/** How to follow a run to its end. */
export interface FollowOptions {
  /** Where the mesh goes: a path, `-` for stdout, or nowhere. */
  output?: string | undefined;
  /** Seconds. The run goes on without us. */
  timeout?: number | undefined;
}

/** Shows a run's progress, fetches its mesh and says how it ended. */
export async function follow(
  context: Context,
  runId: string,
  { output, timeout }: FollowOptions,
): Promise<Ending> {
  const { client, terminal } = context;
  const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000);
  for await (const seen of client.watch(runId, { signal })) {
    if (!seen.ok && seen.failure.code === "aborted") return tooLate(runId, timeout);
    if (!seen.ok) return { ...ended(context, seen.failure), run: { run_id: runId } };
    const run = seen.value;
    terminal.progress(
      run.progress,
      run.status === "pending" ? waiting(run) : (run.step ?? run.status),
    );
    if (isEnded(run.status)) return finish(context, run, output);
  }
  return { exit: EXIT.unexpected, message: `Run ${runId} went out of sight.` };
}

/** What there is to do with a run that has ended. */
async function finish(context: Context, run: Run, output: string | undefined): Promise<Ending> {
  const { client, terminal, json } = context;
  if (run.status !== "done") {
    const message =
      run.status === "error" ? `The run failed: ${run.error}` : `Run ${run.run_id} was cancelled.`;
    return {
      exit: run.status === "error" ? EXIT.runError : EXIT.runCancelled,
      message,
      code: `run_${run.status}`,
      run,
    };
  }
  if (output !== undefined) {
    const saved = await client.download(run, output === "-" ? terminal.bytes() : output);
    if (!saved.ok) {
      const again = `The mesh is still on the server: modly-runs wait ${run.run_id} -o FILE`;
      return {
        ...ended(context, saved.failure),
        message: `${saved.failure.message} ${again}`,
        run,
      };
    }
  }
  if (output === "-") return { exit: EXIT.ok };
  terminal.print(
    json
      ? JSON.stringify(output === undefined ? run : { ...run, file: output })
      : (output ?? run.output_url),
  );
  return { exit: EXIT_OF_END[run.status] };
}

function tooLate(runId: string, timeout: number | undefined): Ending {
  const message = `The run has not ended within ${timeout} s and goes on; see it with \`modly-runs wait ${runId}\`, stop it with \`modly-runs cancel ${runId}\`.`;
  return { exit: EXIT.timeout, message, code: "timeout", run: { run_id: runId } };
}

function waiting(run: Run): string {
  const place = run.queue_position;
  return typeof place === "number" && place > 0 ? `Waiting, ${place} before this one` : "Waiting";
}
