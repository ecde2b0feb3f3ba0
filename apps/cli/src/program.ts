import { Command, CommanderError, Option } from "commander";

import { cancel } from "./commands/cancel.ts";
import type { ServerCommand } from "./commands/command.ts";
import { models } from "./commands/models.ts";
import { run } from "./commands/run.ts";
import { status } from "./commands/status.ts";
import { wait } from "./commands/wait.ts";
import { type Context, contextOf, type ServerOptions } from "./context.ts";
import { type Ending, EXIT } from "./exit.ts";
import { VERSION } from "./version.ts";

/** Everything there is beside `serve`, which hands its flags on as they are. */
const COMMANDS = [run, status, wait, cancel, models] as const;

/** What the program is started in. */
export type Shell = Pick<Context, "terminal" | "onInterrupt">;

/** Reads the arguments, acts, and tells how it ended. */
export async function start(args: readonly string[], shell: Shell): Promise<Ending> {
  let ending: Ending = { exit: EXIT.ok };
  let json = false;
  const program = new Command("modly-runs")
    .description("Turns a picture into a 3D mesh, on a server of workflow runs.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .addOption(
      new Option("--api-url <url>", "the server")
        .env("MODLY_API_URL")
        .default("http://127.0.0.1:8765"),
    )
    .addOption(new Option("--token <text>", "the server's token").env("MODLY_RUNS_TOKEN"))
    .addOption(new Option("--json", "one JSON document on stdout, also when it fails"));

  for (const command of COMMANDS) {
    add(program, command, shell, (how) => {
      ending = how;
    });
  }
  program.command("serve").description("Start the installed server; flags are the server's own");

  try {
    json = args.includes("--json");
    await program.parseAsync(args, { from: "user" });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode !== 0) ending = usage(cause);
  }
  return report(ending, json, shell);
}

function add(
  program: Command,
  row: ServerCommand<string[], object>,
  shell: Shell,
  end: (ending: Ending) => void,
): void {
  const { name, summary, arguments: takes, options } = row;
  const command = program.command(name).description(summary);
  for (const [argument, meaning] of takes) command.argument(argument, meaning);
  for (const option of options) command.addOption(option);
  command.action(async (...given: unknown[]) => {
    const all = command.optsWithGlobals<ServerOptions>();
    const words = given.slice(0, takes.length) as string[];
    let context: Context;
    try {
      context = contextOf(all, shell);
    } catch (cause) {
      end({ exit: EXIT.usage, code: "usage", message: `--api-url: ${String(cause)}.` });
      return;
    }
    end(await row.act(context, words, all));
  });
}

function usage({ code, message }: CommanderError): Ending {
  // No command at all: the help has been shown, and says more than a sentence.
  if (code === "commander.help") return { exit: EXIT.usage };
  const sentence = message.replace(/^error: /, "");
  return { exit: EXIT.usage, code: "usage", message: `${sentence} (see modly-runs --help)` };
}

/** The one place where an ending is told. */
function report(ending: Ending, json: boolean, { terminal }: Shell): Ending {
  const { message, code, exit, run: about } = ending;
  if (message === undefined) return ending;
  terminal.say(message);
  if (json) terminal.print(JSON.stringify({ ...about, failure: { code, message, exit } }));
  return ending;
}
