#!/usr/bin/env node
import { pino } from "pino";

import { readConfig } from "./config.ts";
import { createLogDestination } from "./log-destination.ts";
import { CannotStart } from "./open.ts";
import { startService } from "./service.ts";
import { helpText } from "./settings.ts";
import { VERSION } from "./version.ts";

const USAGE = 2;
const FAILED = 1;
/** How long the end waits for a slow reader of the log, ms. */
const LAST_WORDS_MS = 1000;

// What is said to a terminal that is gone, or to a disk that is full, is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

async function main(): Promise<void> {
  const read = readConfig(process.argv.slice(2), process.env);
  if (read.kind === "help") return void process.stdout.write(helpText(process.env));
  if (read.kind === "version") return void process.stdout.write(`${VERSION}\n`);
  if (read.kind === "refused") {
    process.stderr.write(`modly-runs-workflows: ${read.why}\n`);
    process.exitCode = USAGE;
    return;
  }
  const { config } = read;
  const destination = createLogDestination(process.stderr.fd);
  const log = pino({ level: config.logLevel, base: null }, destination);
  const leave = (code: number) =>
    destination.flush(LAST_WORDS_MS).finally(() => process.exit(code));
  process.on("unhandledRejection", (cause) =>
    log.error({ err: cause }, "a promise was rejected and nobody looked after it: this is a bug"),
  );
  const service = await startService(config, log);
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // Who asks twice does not want to wait.
    if (stopping) process.exit(FAILED);
    stopping = true;
    log.info({ signal }, "stopping");
    service.stop().then(
      () => leave(0),
      (cause: unknown) => {
        log.error({ err: cause }, "the stop failed; the next start takes up what is left");
        return leave(FAILED);
      },
    );
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
  // Last: who reads this line may ask for the stop at once.
  process.stdout.write(`modly-runs-workflows listening on ${service.url}\n`);
}

main().catch((cause: unknown) => {
  const text =
    cause instanceof CannotStart ? cause.message : String((cause as Error)?.stack ?? cause);
  process.stderr.write(`modly-runs-workflows: ${text}\n`);
  process.exit(FAILED);
});
