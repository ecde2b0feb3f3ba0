import { Option } from "commander";

import { ended } from "../context.ts";
import { EXIT, endingOf } from "../exit.ts";
import { planOf, type PlaceOptions } from "../local/places.ts";
import { option } from "../options.ts";
import { findRun } from "../runs/find.ts";
import { follow } from "../runs/follow.ts";
import type { Command } from "./command.ts";

interface WaitOptions extends PlaceOptions {
  timeout?: number;
}

export const wait: Command<[string], WaitOptions> = {
  examples: [
    ["modly-runs wait RUN_ID", "prints the mesh's path on the server"],
    ["modly-runs wait RUN_ID -o duck.stl", "and fetches it"],
  ],
  arguments: [["<run-id>", "the run, as `run` and `list` print it"]],
  options: [
    new Option("-o, --output <file>", "fetch the mesh there, - for stdout"),
    option.format(),
    option.size(),
    option.timeout(),
  ],
  async act(context, [typed], options) {
    const { output, timeout } = options;
    const plan = await planOf(options, [], 1);
    if (!plan.ok) return plan.ending;
    const asked = await findRun(context.servers, typed);
    if (!asked.ok) return endingOf(asked.failure);
    const { found, runId, seen } = asked.value;
    // A watch is patient with a server that is away; a server that never was there is to be told at once.
    const read = await found.client.get(runId);
    if (!read.ok) return ended(found, read.failure);
    const picture = { name: runId, stem: runId, image: runId };
    const target =
      output === undefined ? undefined : { ...plan.value, file: plan.value.fileFor(picture, "") };
    const { ending, run, files, figures } = await follow(context, found, runId, {
      target,
      timeout,
    });
    if (run) await seen(run, files[0]);
    if (ending.exit !== EXIT.ok)
      return { ...ending, result: ending.result ?? { run: run ?? { run_id: runId } } };
    if (output === "-") return ending;
    context.print(files[0] ?? run?.output_url ?? "");
    return { exit: EXIT.ok, result: { run, file: files[0], files, figures } };
  },
};
