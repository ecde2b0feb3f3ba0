import { Option } from "commander";

import { type Context, ended } from "../context.ts";
import { type Ending, EXIT, endingOf } from "../exit.ts";
import { planOf, type PlaceOptions } from "../local/places.ts";
import { option } from "../options.ts";
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
  act: (context, [runId], options) => waitFor(context, runId, options),
};

/** Follows a run, and fetches its mesh where a file is named. */
export async function waitFor(
  context: Context,
  runId: string,
  options: WaitOptions,
): Promise<Ending> {
  const { output, timeout } = options;
  const plan = await planOf(options, [], 1);
  if (!plan.ok) return plan.ending;
  const any = await context.servers.any();
  if (!any.ok) return endingOf(any.failure);
  // A watch is patient with a server that is away; a server that never was there is to be told at once.
  const read = await any.value.client.get(runId);
  if (!read.ok) return ended(any.value, read.failure);
  const picture = { name: runId, stem: runId, image: runId };
  const target =
    output === undefined ? undefined : { ...plan.value, file: plan.value.fileFor(picture, "") };
  const { ending, run, files } = await follow(context, any.value, runId, { target, timeout });
  if (ending.exit !== EXIT.ok)
    return { ...ending, result: ending.result ?? { run: run ?? { run_id: runId } } };
  if (output === "-") return ending;
  context.print(files[0] ?? run?.output_url ?? "");
  return { exit: EXIT.ok, result: { run, file: files[0], files } };
}
