#!/usr/bin/env node
// The process: arguments, signals, streams, exit code. Everything else is told what it needs.
import { EXIT } from "./exit.ts";
import { start } from "./program.ts";
import { serve } from "./serve.ts";
import { terminalOn } from "./terminal.ts";

const args = process.argv.slice(2);
const terminal = terminalOn(process.stdout, process.stderr);

let interrupt: (() => void) | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    const first = interrupt;
    interrupt = undefined;
    if (first) first();
    else process.exit(EXIT.interrupted);
  });
}
const shell = {
  terminal,
  onInterrupt: (listener: () => void) => {
    interrupt = listener;
  },
};
// Whoever reads our output may have read enough.
process.stdout.on("error", () => process.exit(EXIT.ok));

if (args[0] === "serve") {
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
  const { exit, ...why } = await serve(args.slice(1));
  if ("message" in why && why.message !== undefined) terminal.say(why.message);
  process.exitCode = exit;
} else {
  process.exitCode = (await start(args, shell)).exit;
}
