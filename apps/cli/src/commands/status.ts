import { ended } from "../context.ts";
import { EXIT, endingOf } from "../exit.ts";
import { findRun } from "../runs/find.ts";
import type { Command } from "./command.ts";

export const status: Command<[string], object> = {
  examples: [["modly-runs status RUN_ID", "running 40% Painting the texture"]],
  arguments: [["<run-id>", "the run, as `run` and `list` print it"]],
  options: [],
  async act(context, [typed]) {
    const asked = await findRun(context.servers, typed);
    if (!asked.ok) return endingOf(asked.failure);
    const { found, runId, seen } = asked.value;
    const read = await found.client.get(runId);
    if (!read.ok) return ended(found, read.failure);
    const run = read.value;
    await seen(run);
    const about = run.error ?? run.output_url ?? run.step ?? "";
    context.print(`${run.status} ${run.progress}% ${about}`.trim());
    return { exit: EXIT.ok, result: { run } };
  },
};
