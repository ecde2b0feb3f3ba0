import { InvalidArgumentError } from "commander";

type Params = Record<string, unknown>;

/** `--params`: a JSON object. */
export function parseParams(text: string): Params {
  const value = jsonOr(text, undefined);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(`It must be a JSON object, such as '{"seed": 42}'.`);
  }
  return value as Params;
}

/** `--param key=value`, again and again. A value that reads as JSON is that, any other is text. */
export function collectParam(text: string, before: Params = {}): Params {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be key=value, such as seed=42.");
  const value = text.slice(at + 1);
  return { ...before, [text.slice(0, at)]: jsonOr(value, value) };
}

/** `--timeout`: seconds. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 2_000_000)) {
    throw new InvalidArgumentError("It must be a number of seconds, more than 0.");
  }
  return seconds;
}

function jsonOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}
