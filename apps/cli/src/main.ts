#!/usr/bin/env node
// The process: arguments, signals, streams, exit code. Everything else is told what it needs, and loaded when needed.
import { EXIT } from "./exit.ts";
import { VERSION } from "./version.ts";

const args = process.argv.slice(2);

if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  process.stdout.write(`${VERSION}\n`);
} else if (args[0] === "serve") {
  const { serve } = await import("./commands/serve.ts");
  process.exitCode = await serve(args.slice(1));
} else {
  const { start } = await import("./program.ts");
  const { terminalOn } = await import("./terminal.ts");
  const terminal = terminalOn(process.stdout, process.stderr);
  let interrupt: (() => void) | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      const first = interrupt;
      interrupt = undefined;
      if (first) first();
      else process.exit(EXIT.interrupted);
    });
  }
  const { exit } = await start(args, {
    terminal,
    onInterrupt: (listener) => {
      interrupt = listener;
    },
  });
  // What was written is out, or known to be lost, before we go.
  await new Promise((resolve) => process.stdout.write("", resolve));
  // Whoever stopped reading our data is told as by any other program; the work was done all the same.
  process.exit(exit === EXIT.ok && terminal.dataLost() ? EXIT.pipeClosed : exit);
}
