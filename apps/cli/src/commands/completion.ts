import type { Option } from "commander";

import { EXIT } from "../exit.ts";
import { type Completed, SHELLS } from "../local/shells.ts";
import { commonOptions } from "../program.ts";
import type { Command } from "./command.ts";
import { COMMANDS, SERVE } from "./table.ts";

const NAMES = Object.keys(SHELLS);

export const completion: Command<[string], object> = {
  examples: [
    ["modly-runs completion bash >> ~/.bashrc", "and open a new shell"],
    ["modly-runs completion zsh > ~/.zfunc/_modly-runs", "a folder of your fpath"],
    ["modly-runs completion fish > ~/.config/fish/completions/modly-runs.fish", ""],
    ["modly-runs completion powershell >> $PROFILE", ""],
  ],
  arguments: [["<shell>", NAMES.join(", "), NAMES]],
  options: [],
  async act(context, [shell]) {
    const write = Object.entries(SHELLS).find(([name]) => name === shell)?.[1];
    if (!write)
      return {
        exit: EXIT.usage,
        code: "usage",
        message: `There is no completion for ${shell}: it must be ${NAMES.join(", ")}.`,
      };
    const script = write([...(await completed()), { ...SERVE, options: [], words: [] }]);
    context.print(script);
    return { exit: EXIT.ok, result: { shell, script } };
  },
};

/** The commands as a shell has to know them. */
async function completed(): Promise<Completed[]> {
  const shared = commonOptions();
  return Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => {
      const {
        options,
        arguments: [first],
      } = await load();
      return {
        name,
        summary,
        options: [...options, ...shared].map(described),
        words: first?.[2] ?? [],
      };
    }),
  );
}

function described({
  long,
  short,
  description,
  argChoices,
  required,
}: Option): Completed["options"][number] {
  return {
    long: long ?? "",
    short,
    meaning: description,
    takesValue: required,
    words: argChoices ?? [],
  };
}
