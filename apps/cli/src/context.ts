import { type Client, createClient, type Failure } from "@modly-runs/contract/client";

import { type Ending, endingOf } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** The options that every command takes which talks to a server. */
export interface ServerOptions {
  apiUrl: string;
  token?: string;
  json?: boolean;
}

/** What a command works with. */
export interface Context {
  client: Client;
  apiUrl: string;
  token: string | undefined;
  json: boolean;
  terminal: Terminal;
  /** Calls back at the first Ctrl-C; without a listener, or at the second, the process leaves at once. */
  onInterrupt(listener: () => void): void;
}

/** The context of one command. Throws TypeError when the URL or the token can't be used. */
export function contextOf(
  { apiUrl, token, json = false }: ServerOptions,
  shell: Pick<Context, "terminal" | "onInterrupt">,
): Context {
  const client = createClient({ baseUrl: apiUrl, token });
  return { client, apiUrl, token, json, ...shell };
}

/** A failed call as an ending that says what to do about it. */
export function ended({ apiUrl }: Context, failure: Failure): Ending {
  return endingOf(failure, advice(apiUrl, failure));
}

function advice(apiUrl: string, { code, status, retryAfter }: Failure): string {
  if (code === "unreachable") {
    return "Start one with `modly-runs serve`, or name another with --api-url or MODLY_API_URL.";
  }
  if (code === "unexpected") return `Is ${apiUrl} a server of workflow runs?`;
  if (status === 401) return "Give the server's token with --token or MODLY_RUNS_TOKEN.";
  if (retryAfter !== undefined) return `Try again in ${retryAfter} s.`;
  return "";
}
