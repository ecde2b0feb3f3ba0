import { InvalidArgumentError, Option } from "commander";

import { EXIT } from "../exit.ts";
import { remembered } from "../local/journal.ts";
import type { Command } from "./command.ts";

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return limit;
}

export const list: Command<[], { limit: number }> = {
  examples: [["modly-runs list", "the latest runs, as they were last seen from here"]],
  arguments: [],
  options: [new Option("--limit <n>", "how many").argParser(parseLimit).default(20)],
  async act(context, _given, { limit }) {
    const runs = (await remembered()).slice(0, limit);
    for (const { at, run_id, status, model, image, file, key } of runs) {
      const what = file === undefined ? image : `${image} -> ${file}`;
      // The answer to the create was lost: the same key gives the run it made.
      const id = run_id ?? `(no answer; find it with run --idempotency-key ${key})`;
      context.print(
        `${at.slice(0, 16).replace("T", " ")}  ${id}  ${(status ?? "started").padEnd(9)}  ${model}  ${what}`,
      );
    }
    if (runs.length === 0) context.terminal.say("No run was started from this machine yet.");
    return { exit: EXIT.ok, result: { runs } };
  },
};
