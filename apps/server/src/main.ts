#!/usr/bin/env node
import { pino } from "pino";

import { readConfig } from "./config.ts";
import { createLogDestination } from "./log-destination.ts";
import { forPeople } from "./log-for-people.ts";
import { describePrune } from "./prune.ts";
import { CannotStart } from "./cannot-start.ts";
import { startServer } from "./server.ts";
import { helpText } from "./settings.ts";
import { openPage } from "./open-page.ts";
import { VERSION } from "./version.ts";

const USAGE = 2;
const FAILED = 1;
/** How long the end waits for a slow reader of the log, ms. */
const LAST_WORDS_MS = 1000;

// What is said to a terminal that is gone, or to a disk that is full, is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const isPrune = args[0] === "prune";
  const isDry = args.includes("--dry-run");
  const read = readConfig(
    isPrune ? args.slice(1).filter((arg) => arg !== "--dry-run") : args,
    process.env,
  );
  if (read.kind === "help") return void process.stdout.write(helpText(process.env));
  if (read.kind === "version") return void process.stdout.write(`${VERSION}\n`);
  if (read.kind === "refused") {
    process.stderr.write(`modly-runs-server: ${read.why}\n`);
    process.exitCode = USAGE;
    return;
  }
  const { config } = read;
  if (isPrune && !isDry) {
    process.stderr.write(
      "modly-runs-server: the server retires runs by itself, with --keep-runs and --keep-bytes. prune --dry-run tells what it would do.\n",
    );
    process.exitCode = USAGE;
    return;
  }
  if (isPrune) return void process.stdout.write(await describePrune(config));
  const destination = createLogDestination(process.stderr.fd);
  const log = pino(
    { level: config.logLevel, base: null },
    process.stderr.isTTY
      ? { write: (line: string) => destination.write(forPeople(line)) }
      : destination,
  );
  const leave = (code: number) =>
    destination.flush(LAST_WORDS_MS).finally(() => process.exit(code));
  // A promise that nobody looks after is a bug, but no reason to drop every other run.
  process.on("unhandledRejection", (cause) =>
    log.error({ err: cause }, "a promise was rejected and nobody looked after it: this is a bug"),
  );
  const server = await startServer(config, log);
  let stopping = false;
  function end(code: number): void {
    stopping = true;
    server.stop().then(
      () => leave(code),
      (cause: unknown) => {
        log.error({ err: cause }, "the stop failed; the next start takes up what is left");
        return leave(FAILED);
      },
    );
  }
  const stop = (signal: NodeJS.Signals) => {
    // Who asks twice does not want to wait.
    if (stopping) process.exit(FAILED);
    log.info({ signal }, "stopping");
    end(0);
  };
  const onLost = (cause: unknown) => {
    log.fatal(
      { err: cause },
      "the store can't be written any more: the server ends, start it again",
    );
    if (!stopping) end(FAILED);
  };
  server.lost.then(onLost, onLost);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
  // Last: who reads this line may ask for the stop at once.
  process.stdout.write(`modly-runs-server listening on ${server.url}\n`);
  if (config.open) openPage(server.url, process.env, (sentence) => log.warn(sentence));
}

main().catch((cause: unknown) => {
  const text =
    cause instanceof CannotStart ? cause.message : String((cause as Error)?.stack ?? cause);
  process.stderr.write(`modly-runs-server: ${text}\n`);
  process.exit(FAILED);
});
