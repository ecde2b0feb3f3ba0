import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

import { Command as Commander, CommanderError, Option } from "commander";

import type { Command } from "./commands/command.ts";
import { COMMANDS, type Row, SERVE } from "./commands/table.ts";
import { type CommonOptions, contextOf, type Shell } from "./context.ts";
import { type Ending, EXIT } from "./exit.ts";
import { SELF } from "./self.ts";
import { DEFAULT_URL, urlOf } from "./servers/servers.ts";
import { VERSION } from "./version.ts";

const EXAMPLES: readonly (readonly [string, string])[] = [
  ["modly-runs run duck.png", "a mesh, duck.glb"],
  ["modly-runs run duck.png -o duck.stl --size 80mm", "to print, 80 mm long"],
  ["modly-runs run photos/ -o meshes/", "a folder of pictures"],
];

/** The options of every command. */
export const commonOptions = (): Option[] => [
  new Option("--api-url <url>", `the server (default: ${DEFAULT_URL}, or one of our own)`).env(
    "MODLY_API_URL",
  ),
  new Option("--token-file <file>", "a file with the server's token, - for stdin"),
  new Option("--token <text>", "the server's token; others on this machine can see it here").env(
    "MODLY_RUNS_TOKEN",
  ),
  new Option("--json", "one JSON document on stdout, also when it fails"),
  new Option("--jsonl", "a JSON document on stdout for each event"),
  new Option("-q, --quiet", "no progress, only what went wrong"),
  new Option("-v, --verbose", "also what there is to know"),
];

/** Reads the arguments, acts, and tells how it ended. */
export async function start(args: readonly string[], shell: Shell): Promise<Ending> {
  const json = args.includes("--json") || args.includes("--jsonl");
  const named = COMMANDS.find(({ name }) => name === firstWord(args));
  let ending: Ending = { exit: EXIT.ok };
  const program = new Commander("modly-runs")
    .description("Turns pictures into 3D meshes.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("before", examplesText(EXAMPLES));
  for (const option of commonOptions()) program.addOption(option);
  for (const row of COMMANDS)
    await add(program, row, row === named, shell, (how) => {
      ending = how;
    });
  program.command(SERVE.name).description(SERVE.summary);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode !== 0) ending = usage(cause, named);
  }
  return report(ending, named?.name ?? "", json, shell);
}

/** The first word that is no option and no option's value. */
function firstWord(args: readonly string[]): string | undefined {
  const valued = new Set(["--api-url", "--token-file", "--token"]);
  for (let at = 0; at < args.length; at++) {
    if (valued.has(args[at]!)) at++;
    else if (args[at] !== "help" && !args[at]!.startsWith("-")) return args[at];
  }
  return undefined;
}

/** Examples as the help shows them, first of all. */
function examplesText(examples: readonly (readonly [string, string])[]): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return `${examples.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`).join("\n")}\n`;
}

async function add(
  program: Commander,
  { name, summary, load }: Row,
  needed: boolean,
  shell: Shell,
  end: (ending: Ending) => void,
): Promise<void> {
  const command = program.command(name).description(summary);
  // A row is enough to be listed; only the command that is called is loaded.
  if (!needed) return;
  const file = (await load()) as Command<unknown[], object>;
  command.addHelpText("before", examplesText(file.examples));
  for (const [argument, meaning] of file.arguments) command.argument(argument, meaning);
  for (const option of file.options) command.addOption(option);
  command.action(async (...given: unknown[]) => {
    const all = command.optsWithGlobals<CommonOptions>();
    const token = await tokenOf(all);
    const url = all.apiUrl === undefined ? undefined : urlOf(all.apiUrl);
    const wrong = url && !url.ok ? url.failure.message : token.wrong;
    if (wrong !== undefined) return end({ exit: EXIT.usage, code: "usage", message: wrong });
    if (url?.ok) all.apiUrl = url.value;
    const context = contextOf(all, token.token, shell);
    try {
      end(await file.act(context, given.slice(0, file.arguments.length), all));
    } finally {
      await context.servers.close();
    }
  });
}

async function tokenOf({
  token,
  tokenFile,
}: CommonOptions): Promise<{ token?: string; wrong?: string }> {
  if (tokenFile === undefined) return token === undefined ? {} : { token };
  try {
    return {
      token: (tokenFile === "-"
        ? await text(process.stdin)
        : readFileSync(tokenFile, "utf8")
      ).trim(),
    };
  } catch {
    return { wrong: `The token's file ${tokenFile} can't be read.` };
  }
}

function usage({ code, message }: CommanderError, named: Row | undefined): Ending {
  // No command at all: the help has been shown, and says more than a sentence.
  if (code === "commander.help") return { exit: EXIT.usage };
  const sentence = message.replace(/^error: /, "");
  const more = [SELF, named?.name, "--help"].filter(Boolean).join(" ");
  return { exit: EXIT.usage, code: "usage", message: `${sentence} (see ${more})` };
}

/** The one place where an ending is told. `--json` is one envelope for every command. */
function report(
  { message, code, exit, result }: Ending,
  command: string,
  json: boolean,
  { terminal }: Shell,
): Ending {
  if (message !== undefined) terminal.say(message);
  if (json && (message !== undefined || result !== undefined)) {
    const failure = message === undefined ? undefined : { code, message, exit };
    terminal.print(
      JSON.stringify({ version: 1, command, ok: failure === undefined, result, failure }),
    );
  }
  return { exit };
}
