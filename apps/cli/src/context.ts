import type { Failure } from "@modly-runs/contract/client";

import { type Ending, endingOf } from "./exit.ts";
import { SELF } from "./self.ts";
import { type Found, Servers } from "./servers/servers.ts";
import type { Terminal } from "./terminal.ts";

/** The options that every command takes. */
export interface CommonOptions {
  apiUrl?: string;
  token?: string;
  tokenFile?: string;
  json?: boolean;
  jsonl?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** What the program is started in. */
export interface Shell {
  terminal: Terminal;
  /** Calls back at the first Ctrl-C; without a listener, or at the second, the process leaves at once. */
  onInterrupt(listener: () => void): void;
}

/** What a command works with. */
export interface Context extends Shell {
  /** One document at the end, on stdout. */
  json: boolean;
  /** A line for each event, on stdout. */
  jsonl: boolean;
  verbose: boolean;
  servers: Servers;
  /** An event, for `--jsonl`. */
  event(name: string, about: object): void;
  /** Data as text, unless a program reads it as JSON. */
  print(line: string): void;
}

/** The context of one command. */
export function contextOf(
  options: CommonOptions,
  token: string | undefined,
  shell: Shell,
): Context {
  const { json = false, jsonl = false, verbose = false, apiUrl } = options;
  const { terminal } = shell;
  terminal.speak(options);
  return {
    ...shell,
    json,
    jsonl,
    verbose,
    servers: new Servers(apiUrl, token, terminal),
    event(event, about) {
      if (jsonl) terminal.print(JSON.stringify({ event, ...about }));
    },
    print(line) {
      if (!json && !jsonl) terminal.print(line);
    },
  };
}

/** A failed call as an ending that says what to do about it. */
export function ended({ apiUrl }: Pick<Found, "apiUrl">, failure: Failure): Ending {
  return endingOf(failure, advice(apiUrl, failure));
}

function advice(apiUrl: string, { code, status, retryAfter }: Failure): string {
  if (code === "unreachable")
    return `Start one with \`${SELF} serve\`, or name another with --api-url or MODLY_API_URL.`;
  if (code === "unexpected") return `Is ${apiUrl} a server of workflow runs?`;
  if (status === 401)
    return "Set MODLY_RUNS_TOKEN to the server's token, or name a file that holds it with --token-file.";
  if (retryAfter !== undefined) return `Try again in ${retryAfter} s.`;
  return "";
}
