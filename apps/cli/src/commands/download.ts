import { Option } from "commander";

import { ended } from "../context.ts";
import { EXIT, endingOf } from "../exit.ts";
import { planOf, type PlaceOptions } from "../local/places.ts";
import { option } from "../options.ts";
import { findRun } from "../runs/find.ts";
import { saveMesh } from "../runs/save.ts";
import type { Command } from "./command.ts";

export const download: Command<[string], PlaceOptions> = {
  examples: [
    [
      "modly-runs download RUN_ID -o duck.3mf --size 60mm",
      "to print, 60 mm along its longest side",
    ],
  ],
  arguments: [["<run-id>", "a run that is done"]],
  options: [
    new Option(
      "-o, --output <file>",
      "a file, a folder, or - for stdout (default: a new RUN_ID.glb)",
    ),
    option.format(),
    option.size(),
  ],
  async act(context, [typed], options) {
    const plan = await planOf(options, [], 1);
    if (!plan.ok) return plan.ending;
    const asked = await findRun(context.servers, typed);
    if (!asked.ok) return endingOf(asked.failure);
    const { found, runId, seen } = asked.value;
    const read = await found.client.get(runId);
    if (!read.ok) return ended(found, read.failure);
    const file = plan.value.fileFor({ name: runId, stem: runId, image: runId }, "");
    const saved = await saveMesh(found, read.value, { ...plan.value, file }, context.terminal);
    if (!saved.ok) return ended(found, saved.failure);
    await seen(read.value, file === "-" ? undefined : file);
    if (file === "-") return { exit: EXIT.ok };
    context.print(file);
    return { exit: EXIT.ok, result: { run: read.value, file, ...saved.value } };
  },
};
