import type { Plan } from "@modly-runs/flows";
import type { StepRow } from "@modly-runs/flows/ports";
import type { Seen } from "@modly-runs/flows/runner";

import type { Context } from "../context.ts";

/** A step as `--json` tells it. */
export const stepJson = ({ step, state, error, runId, reused, seconds, outputs }: StepRow) => ({
  step,
  status: state.status,
  attempt: state.attempt,
  way: state.way === 0 ? "first" : "fallback",
  ...(reused === null ? {} : { reused }),
  ...(error === null || state.status === "done" ? {} : { error }),
  ...(runId === null ? {} : { run_id: runId }),
  ...(seconds === null ? {} : { model_seconds: seconds }),
  ...(outputs === null ? {} : { outputs }),
});

/**
 * Tells of steps as they go: a line for each that ended, and what goes on right now on a terminal. `before` are those of
 * a flow run that is gone on with.
 */
export function teller(
  context: Context,
  { steps }: Plan,
  before: readonly StepRow[],
  quiet: boolean,
): (seen: Seen) => void {
  const ended = new Set(before.flatMap(({ step, state }) => (state.status === "done" ? step : [])));
  const ways = new Map(steps.map(({ id, ways: of }) => [id, of.length]));
  const width = Math.min(40, Math.max(...steps.map(({ id }) => id.length)));
  const counted = (step: string) => `[${ended.size}/${steps.length}] ${step.padEnd(width)}`;
  return (seen) => {
    if (seen.type === "flow") return context.event("flow", { status: seen.status });
    if (seen.type === "progress") {
      const { step, percent, text } = seen;
      context.event("progress", { step, percent, text });
      return context.terminal.progress(`${counted(step)}  ${percent}% ${text}`, `${step} goes on`);
    }
    const { row } = seen;
    const { status, way, failures } = row.state;
    context.event("step", stepJson(row));
    if (status === "running") return undefined;
    const again = status === "waiting" && row.error !== null;
    if (status === "waiting" && !again) return undefined;
    if (!again) ended.add(row.step);
    const what = again
      ? `${way > 0 && failures === 0 ? "takes its fallback" : "tries again"}: ${row.error}`
      : status === "done"
        ? doneLine(row, ways.get(row.step)!)
        : `${status}${row.error === null ? "" : `: ${row.error}`}`;
    if (!quiet) context.terminal.say(`${counted(row.step)}  ${what}`);
    return undefined;
  };
}

/** How a step that is done came about. */
export function doneLine({ reused, startedAt, endedAt, state }: StepRow, ways: number): string {
  if (reused !== null) return `done     ${reused}`;
  const seconds =
    startedAt === null || endedAt === null ? "" : `${((endedAt - startedAt) / 1000).toFixed(1)} s`;
  return `done     ${seconds}${ways > 1 && state.way > 0 ? ", by its fallback" : ""}`;
}
