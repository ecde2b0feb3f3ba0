import { InvalidArgumentError, Option } from "commander";

import { EXIT } from "../exit.ts";
import { type Entry, remembered } from "../local/journal.ts";
import type { Command } from "./command.ts";

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return limit;
}

export const list: Command<[], { limit: number }> = {
  examples: [
    ["modly-runs list", "the latest runs, as they were last seen; 8 letters of an id are enough"],
  ],
  arguments: [],
  options: [new Option("--limit <n>", "how many").argParser(parseLimit).default(20)],
  async act(context, _given, { limit }) {
    const runs = (await remembered()).slice(0, limit);
    const { columns } = context.terminal;
    for (const entry of runs) {
      const line = columns === undefined ? whole(entry) : short(entry);
      context.print(columns === undefined ? line : line.slice(0, columns - 1));
    }
    if (runs.length === 0) context.terminal.say("No run was started from this machine yet.");
    return { exit: EXIT.ok, result: { runs } };
  },
};

const meshOf = ({ image, file }: Entry) => (file === undefined ? image : `${image} -> ${file}`);

/** For a program: nothing is cut. */
function whole(entry: Entry): string {
  const { at, run_id, status, model, key } = entry;
  // The answer to the create was lost: the same key gives the run it made.
  const id = run_id ?? `(no answer; find it with run --idempotency-key ${key})`;
  return `${at.slice(0, 16).replace("T", " ")}  ${id}  ${(status ?? "started").padEnd(9)}  ${model}  ${meshOf(entry)}`;
}

/** For a person: as much of the id as finds the run. */
function short(entry: Entry): string {
  if (entry.run_id === undefined) return whole(entry);
  const { at, run_id, status, model } = entry;
  return `${run_id.slice(0, 8)}  ${agoOf(at).padStart(10)}  ${(status ?? "started").padEnd(9)}  ${meshOf(entry)}  ${model}`;
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

function agoOf(at: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(at)) / 1000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1)!;
  return `${Math.floor(seconds / length)} ${unit} ago`;
}
