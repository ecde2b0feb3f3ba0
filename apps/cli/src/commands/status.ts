import { ended } from "../context.ts";
import { DONE } from "../exit.ts";
import type { ServerCommand } from "./command.ts";

export const status: ServerCommand<[string], object> = {
  name: "status",
  summary: "Tell how a run stands",
  arguments: [["<run-id>", "the run, as `run` printed it"]],
  options: [],
  async act(context, [runId]) {
    const read = await context.client.get(runId);
    if (!read.ok) return ended(context, read.failure);
    const run = read.value;
    const about = run.error ?? run.output_url ?? run.step ?? "";
    context.terminal.print(
      context.json ? JSON.stringify(run) : `${run.status} ${run.progress}% ${about}`.trim(),
    );
    return DONE;
  },
};
