import { ended } from "../context.ts";
import { EXIT } from "../exit.ts";
import type { Command } from "./command.ts";

export const status: Command<[string], object> = {
  examples: [["modly-runs status RUN_ID", "running 40% Painting the texture"]],
  arguments: [["<run-id>", "the run, as `run` and `list` print it"]],
  options: [],
  async act(context, [runId]) {
    const found = context.servers.existing();
    const read = await found.client.get(runId);
    if (!read.ok) return ended(found, read.failure);
    const run = read.value;
    const about = run.error ?? run.output_url ?? run.step ?? "";
    context.print(`${run.status} ${run.progress}% ${about}`.trim());
    return { exit: EXIT.ok, result: { run } };
  },
};
