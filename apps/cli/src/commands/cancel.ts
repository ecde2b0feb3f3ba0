import { isEnded } from "@modly-runs/contract";

import { ended } from "../context.ts";
import { DONE } from "../exit.ts";
import type { ServerCommand } from "./command.ts";

export const cancel: ServerCommand<[string], object> = {
  name: "cancel",
  summary: "Stop a run",
  arguments: [["<run-id>", "the run, as `run` printed it"]],
  options: [],
  async act(context, [runId]) {
    const { client, terminal, json } = context;
    const answer = await client.cancel(runId);
    if (!answer.ok) return ended(context, answer.failure);
    // Some servers say `cancelled` of every run, also of one that was done long ago. The run knows.
    const read = await client.get(runId);
    if (!read.ok) return ended(context, read.failure);
    const { status } = read.value;
    terminal.print(json ? JSON.stringify({ ...answer.value, run_id: runId, status }) : status);
    if (!isEnded(status)) terminal.say("The server has been asked; the run is still stopping.");
    else if (status !== "cancelled") terminal.say("The run had already ended.");
    return DONE;
  },
};
