import { readFileSync } from "node:fs";

import { FORMATS } from "@modly-runs/mesh/formats";
import { InvalidArgumentError, Option } from "commander";

type Params = Record<string, unknown>;

/** `--params`: a JSON object, or @ and the name of a file that holds one. */
function parseParams(text: string): Params {
  const value = jsonOr(text.startsWith("@") ? fileOf(text.slice(1)) : text, undefined);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidArgumentError(
      `It must be a JSON object, such as '{"seed": 42}', or @FILE with one.`,
    );
  return value as Params;
}

function fileOf(name: string): string {
  try {
    return readFileSync(name, "utf8");
  } catch {
    throw new InvalidArgumentError(`The file ${name} can't be read.`);
  }
}

/** `--param key=value`, again and again. A value that reads as JSON is that, any other is text. */
function collectParam(text: string, before: Params | undefined): Params {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be key=value, such as seed=42.");
  const value = text.slice(at + 1);
  return { ...before, [text.slice(0, at)]: jsonOr(value, value) };
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 2_000_000))
    throw new InvalidArgumentError("It must be a number of seconds, more than 0.");
  return seconds;
}

const MILLIMETRES: Record<string, number> = { mm: 1, cm: 10, m: 1000, in: 25.4, "": 1 };

function parseSize(text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*(mm|cm|m|in|)$/.exec(text.trim()) ?? [];
  const size = Number(number) * MILLIMETRES[unit]!;
  if (!(size > 0 && size <= 100_000))
    throw new InvalidArgumentError("It must be a length, such as 80mm, 8cm or 3in, at most 100 m.");
  return size;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new InvalidArgumentError("It must be a whole number from 1 to 64.");
  return count;
}

function jsonOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Options that several commands share. */
export const option = {
  param: () =>
    new Option("--param <key=value>", "a parameter of the model; may be repeated").argParser(
      collectParam,
    ),
  params: () =>
    new Option("--params <json>", "parameters as a JSON object, or @FILE with one").argParser(
      parseParams,
    ),
  timeout: () =>
    new Option("--timeout <seconds>", "how long to wait for the end").argParser(parseSeconds),
  size: () =>
    new Option(
      "--size <length>",
      "longest side of an STL or a 3MF: 80mm, 8cm, 3in (default: 100mm)",
    ).argParser(parseSize),
  format: () =>
    new Option("--format <name>", "what the mesh becomes; the file's name says it too").choices(
      Object.keys(FORMATS),
    ),
  model: () =>
    new Option("-m, --model <id>", "the model (default: the server's); may be repeated").argParser(
      (text: string, before: string[] | undefined) => [...(before ?? []), text],
    ),
  concurrency: () =>
    new Option("--concurrency <n>", "runs under way at once").argParser(parseCount).default(4),
};
