#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";

import { explain, list } from "./commands/catalogue.ts";
import { type CompareFiles, compareReports } from "./commands/compare.ts";
import { doctor } from "./commands/doctor.ts";
import { run, type RunFlags, type Said } from "./commands/run.ts";
import { describeTarget } from "./target/init.ts";
import { loadTarget, type TargetFlags } from "./target/load.ts";
import { PRESETS } from "./target/presets.ts";

const commas = (text: string, before: readonly string[] = []) => [
  ...before,
  ...text.split(",").map((id) => id.trim().toUpperCase()),
];
const gather = (text: string, before: readonly string[] = []) => [...before, text];

type InitFlags = TargetFlags & { readonly output?: string; readonly force?: boolean };

let said: Said = { code: 0 };

/** Reads a written configuration back and makes a first check with it. */
async function tried(file: string): Promise<Said> {
  const first = await run({
    config: file,
    set: "core",
    only: ["CRE-01"],
    quiet: true,
    color: false,
  });
  const wrote = `Wrote ${file}. `;
  return first.code === 0
    ? { out: `${wrote}Tried it: a run is created. Next: run --config ${file}\n`, code: 0 }
    : { ...first, out: `${wrote}Tried it, and it does not work yet:\n${first.out ?? ""}` };
}

const program = new Command("modly-runs-conformance")
  .description(
    "Says whether a server of headless image-to-mesh runs keeps the contract, and why not.",
  )
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

const targeted = (command: Command) =>
  command
    .option("--url <url>", "where the server listens")
    .option("--config <file>", "YAML with base_url, situations, ...; see the command init")
    .option("--preset <name>", `a server the suite knows: ${Object.keys(PRESETS).join(", ")}`)
    .option("--model <id>", "a model that works, for servers without GET /model/all")
    .option("--time-scale <factor>", "multiplies every time allowed, or auto for slow models")
    .option("--thorough", "play everything in rounds too: finds what is wrong only sometimes")
    .option("--restart <command>", "ends the server and starts it again; used when it hangs")
    .option("--header <line>", "'Name: value', sent with every request; may be repeated", gather);

targeted(program.command("run"))
  .description("check a server (exit 0 kept, 1 broken, 2 inconclusive, 3 could not be checked)")
  .option("--set <set>", "core, hardening or all", "core")
  .option(
    "--only <ids>",
    "only these checks, groups or rules of the specification, with commas",
    commas,
  )
  .option(
    "--group <groups>",
    "only these groups: CRE, GET, LIF, CAN, OUT, WIRE; SEC, LOD, MOD",
    commas,
  )
  .option("--skip <ids>", "leave these checks or groups out", commas)
  .option("--baseline <file>", "YAML of known deviations")
  .option(
    "--allow-blocked",
    "a check that could not be tried does not make the verdict inconclusive",
  )
  .option("--replay <seed>", "repeat the pictures of an earlier run")
  .option("--json <file>", "write the JSON report")
  .option("--junit <file>", "write the JUnit XML report")
  .option("--md <file>", "write the Markdown summary")
  .option(
    "--artifacts <folder>",
    "write a folder for each finding, with a script that does it again",
  )
  .option("--html <file>", "write one HTML page with everything in it")
  .option("--badge <file>", "write the JSON of a badge (shields.io endpoint)")
  .option("--ndjson <file>", "write what happens as it happens, a JSON object a line; - for stdout")
  .option("--quiet", "no progress on stderr")
  .option("--no-color", "plain text")
  .action(async (flags: RunFlags) => {
    const color = flags.color && process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
    said = await run({ ...flags, color });
  });

targeted(program.command("init"))
  .description("try what a server can do and write a configuration")
  .option("-o, --output <file>", "write it there instead of to the screen")
  .option("--force", "write over a file that is there")
  .action(async ({ output, force, ...flags }: InitFlags) => {
    if (output !== undefined && !force && existsSync(output)) {
      said = {
        err: `${output} is there already and may hold what somebody wrote. Name another file, or say --force.`,
        code: 3,
      };
      return;
    }
    const target = await loadTarget(flags);
    const found = typeof target === "string" ? { fault: target } : await describeTarget(target);
    if ("fault" in found) said = { err: found.fault, code: 3 };
    else if (output === undefined) said = { out: found.yaml, code: 0 };
    else {
      await writeFile(output, found.yaml);
      said = await tried(output);
    }
  });

targeted(program.command("doctor"))
  .description("look at everything a run depends on, and say what to do")
  .action(async (flags: TargetFlags) => {
    const target = await loadTarget(flags);
    said = typeof target === "string" ? { err: target, code: 3 } : await doctor(target);
  });

program
  .command("compare <base> <head>")
  .description("say what a change mends and breaks, from two JSON reports (exit 1 if it breaks)")
  .option("--md <file>", "write it there too")
  .option("--json <file>", "write the ids of what changed, for programs")
  .action(async (base: string, head: string, files: CompareFiles) => {
    said = await compareReports(base, head, files);
  });

program
  .command("list")
  .description("list the checks")
  .option("--set <set>", "core, hardening or all", "all")
  .action(({ set }: { set: string }) => {
    said = list(set);
  });

program
  .command("explain <id>")
  .description(
    "say what a check, or what holds a rule of the specification, asks for, why, and what proves it",
  )
  .action(async (id: string) => {
    said = await explain(id);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) said = { code: error.exitCode === 0 ? 0 : 3 };
  else
    said = {
      err: `The suite failed: ${error instanceof Error ? error.message : String(error)}`,
      code: 3,
    };
}
if (said.out !== undefined)
  process.stdout.write(said.out.endsWith("\n") ? said.out : `${said.out}\n`);
if (said.err !== undefined) process.stderr.write(`${said.err}\n`);
process.exitCode = said.code;
