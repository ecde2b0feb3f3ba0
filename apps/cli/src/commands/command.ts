import type { Option } from "commander";

import type { Context } from "../context.ts";
import type { Ending } from "../exit.ts";

/** A command that talks to a server. A new one is a file like its neighbours and a row of the table. */
export interface ServerCommand<Arguments extends string[], Options> {
  name: string;
  summary: string;
  /** As commander writes them, with what they mean. */
  arguments: readonly (readonly [name: string, meaning: string])[];
  options: readonly Option[];
  act(context: Context, given: Arguments, options: Options): Promise<Ending>;
}
