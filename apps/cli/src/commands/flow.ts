import { InvalidArgumentError, Option } from "commander";

import { type Ending, EXIT } from "../exit.ts";
import { type FlowOptions, pairOf } from "../flows/options.ts";
import { SELF } from "../self.ts";
import type { Command } from "./command.ts";

const more = (text: string, before: string[] | undefined) => [...(before ?? []), text];

const pairs = (example: string) => (text: string, before: Record<string, string[]> | undefined) => {
  const pair = pairOf(text);
  if (!pair) throw new InvalidArgumentError(`It must be key=value, such as ${example}.`);
  const [key, value] = pair;
  return { ...before, [key]: [...(before?.[key] ?? []), value] };
};

/** Every action. Those that need no engine don't load it. */
const ACTIONS = {
  check: async () => (await import("../flows/run.ts")).checkFlow,
  run: async () => (await import("../flows/run.ts")).startFlow,
  resume: async () => (await import("../flows/run.ts")).resumeFlow,
  show: async () => (await import("../flows/kept.ts")).showFlow,
  list: async () => (await import("../flows/kept.ts")).listFlows,
  cancel: async () => (await import("../flows/kept.ts")).cancelFlow,
  clean: async () => (await import("../flows/kept.ts")).cleanFlows,
} as const;

const isAction = (name: string): name is keyof typeof ACTIONS => Object.hasOwn(ACTIONS, name);

export const flow: Command<[string, string | undefined, string[]], FlowOptions> = {
  examples: [
    ["modly-runs flow check print.yaml", "say what is wrong with it, and where"],
    ["modly-runs flow run print.yaml duck.png", "do its steps, one line each"],
    ["modly-runs flow run print.yaml photos/ --set mesh.model=builtin/relief", "for each picture"],
    ["modly-runs flow resume 3f2a", "go on after a failure, a stop or a crash"],
  ],
  arguments: [
    ["<action>", `${Object.keys(ACTIONS).slice(0, -1).join(", ")} or clean`],
    ["[what]", "check, run: the definition's file; else a flow run's id, or how it begins"],
    ["[pictures...]", "check, run: pictures for the flow's first input of that type, as for run"],
  ],
  options: [
    new Option(
      "-o, --output <folder>",
      "where the files go (default: a new folder named after the flow)",
    ),
    new Option("--input <name=value>", "a value or a file for an input; may be repeated").argParser(
      pairs("count=5"),
    ),
    new Option("--set <step.param=value>", "another param for a step; may be repeated").argParser(
      more,
    ),
    new Option("--lock <step>", "keep what the step made before; may be repeated").argParser(more),
    new Option(
      "--server <name=url>",
      "the address of a server of the flow; may be repeated",
    ).argParser(pairs("big=http://10.0.0.5:8765")),
    new Option("--fresh", "make everything anew, also what was made of the same before"),
    new Option("--all", "clean: every flow run that has ended"),
  ],
  async act(context, [action, what, pictures], options): Promise<Ending> {
    if (!isAction(action))
      return usage(`There is no action ${action}: it must be ${Object.keys(ACTIONS).join(", ")}.`);
    if (what === undefined && action !== "list" && !(action === "clean" && options.all))
      return usage(
        action === "check" || action === "run"
          ? `Say which: \`${SELF} flow ${action} FILE\`.`
          : `Say which: \`${SELF} flow ${action} ID\`. \`${SELF} flow list\` tells the ids.`,
      );
    const act = await ACTIONS[action]();
    return act(context, what ?? "", pictures, options);
  },
};

const usage = (message: string): Ending => ({ exit: EXIT.usage, code: "usage", message });
