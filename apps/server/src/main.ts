#!/usr/bin/env node
import { pino } from "pino";

import { readConfig } from "./config.ts";
import { CannotStart, startServer } from "./server.ts";
import { helpText } from "./settings.ts";
import { VERSION } from "./version.ts";

const USAGE = 2;
const FAILED = 1;

async function main(): Promise<void> {
  const read = readConfig(process.argv.slice(2), process.env);
  if (read.kind === "help") return void process.stdout.write(helpText(process.env));
  if (read.kind === "version") return void process.stdout.write(`${VERSION}\n`);
  if (read.kind === "refused") {
    process.stderr.write(`modly-runs-server: ${read.why}\n`);
    process.exitCode = USAGE;
    return;
  }
  const { config } = read;
  const log = pino(
    { level: config.logLevel, base: null },
    pino.destination({ dest: 2, sync: true }),
  );
  const server = await startServer(config, log);
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // Who asks twice does not want to wait.
    if (stopping) process.exit(FAILED);
    stopping = true;
    log.info({ signal }, "stopping");
    server.stop().then(
      () => process.exit(0),
      (cause: unknown) => {
        log.error({ err: cause }, "the stop failed; the next start takes up what is left");
        process.exit(FAILED);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Last: who reads this line may ask for the stop at once.
  process.stdout.write(`modly-runs-server listening on ${server.url}\n`);
}

main().catch((cause: unknown) => {
  const text =
    cause instanceof CannotStart ? cause.message : String((cause as Error)?.stack ?? cause);
  process.stderr.write(`modly-runs-server: ${text}\n`);
  process.exit(FAILED);
});
