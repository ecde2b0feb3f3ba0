import type { Context } from "../context.ts";
import type { Ending } from "../exit.ts";

/** The options of `flow`. */
export interface FlowOptions {
  output?: string;
  input?: Record<string, string[]>;
  set?: string[];
  lock?: string[];
  server?: Record<string, string[]>;
  fresh?: boolean;
  all?: boolean;
  quiet?: boolean;
}

/** An action of `flow`: `what` is a file or an id. */
export type Act = (
  context: Context,
  what: string,
  pictures: readonly string[],
  options: FlowOptions,
) => Promise<Ending>;

/** The two sides of the first equals sign. */
export function pairOf(text: string): [key: string, value: string] | undefined {
  const at = text.indexOf("=");
  return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}
