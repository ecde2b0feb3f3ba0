import { isEnded } from "@modly-runs/contract";

import { ended } from "../context.ts";
import { EXIT, endingOf } from "../exit.ts";
import { findRun } from "../runs/find.ts";
import type { Command } from "./command.ts";

export const cancel: Command<[string], object> = {
  examples: [["modly-runs cancel RUN_ID", "cancelled"]],
  arguments: [["<run-id>", "the run, as `run` and `list` print it"]],
  options: [],
  async act(context, [typed]) {
    const run = await findRun(context.servers, typed);
    if (!run.ok) return endingOf(run.failure);
    const { found, runId, seen } = run.value;
    const answer = await found.client.cancel(runId);
    if (!answer.ok) return ended(found, answer.failure);
    // Some servers say `cancelled` of every run, also of one that was done long ago. The run knows.
    const read = await found.client.get(runId);
    if (!read.ok) return ended(found, read.failure);
    await seen(read.value);
    const { status } = read.value;
    context.print(status);
    if (!isEnded(status))
      context.terminal.say("The server has been asked; the run is still stopping.");
    else if (status !== "cancelled") context.terminal.say("The run had already ended.");
    return { exit: EXIT.ok, result: { run: read.value, cancelled: status === "cancelled" } };
  },
};
