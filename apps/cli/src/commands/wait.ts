import { Option } from "commander";

import { ended } from "../context.ts";
import { follow } from "../follow.ts";
import { parseSeconds } from "../params.ts";
import type { ServerCommand } from "./command.ts";

export const wait: ServerCommand<[string], { output?: string; timeout?: number }> = {
  name: "wait",
  summary: "Follow a run to its end",
  arguments: [["<run-id>", "the run, as `run` printed it"]],
  options: [
    new Option("-o, --output <file>", "fetch the mesh there, - for stdout"),
    new Option("--timeout <seconds>", "how long to wait for the end").argParser(parseSeconds),
  ],
  async act(context, [runId], options) {
    // A watch is patient with a server that is away; a server that never was there is to be told at once.
    const read = await context.client.get(runId);
    return read.ok ? follow(context, runId, options) : ended(context, read.failure);
  },
};
