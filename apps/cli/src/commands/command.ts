import type { Option } from "commander";

import type { Context } from "../context.ts";
import type { Ending } from "../exit.ts";

/** One command: what it takes and what it does. A new one is a file like its neighbours and a row of the table. */
export interface Command<Arguments extends unknown[] = never, Options extends object = never> {
  /** As people type them, with what they do. They come first in the help. */
  examples: readonly (readonly [line: string, meaning: string])[];
  /** As commander writes them, with what they mean, and the words they can be where these are few. */
  arguments: readonly (readonly [name: string, meaning: string, words?: readonly string[]])[];
  options: readonly Option[];
  act(context: Context, given: Arguments, options: Options): Promise<Ending>;
}
