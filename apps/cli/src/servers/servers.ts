import {
  type Client,
  createClient,
  fail,
  type Outcome,
  succeed,
} from "@modly-runs/contract/client";

import type { Terminal } from "../terminal.ts";
import { type PrivateServer, startPrivate } from "./private.ts";

/** Where a server of this person listens: the server's own variable counts here too. */
export const DEFAULT_URL = `http://127.0.0.1:${process.env["MODLY_RUNS_PORT"] ?? "8765"}`;

/** The server a command talks to. */
export interface Found {
  client: Client;
  apiUrl: string;
  /** Set where we started it: it goes with us. */
  own?: Pick<PrivateServer, "keepsRuns" | "gone">;
}

/** Finds the server that was named, else the one that listens by default, else starts one of our own. */
export class Servers {
  readonly #named: string | undefined;
  readonly #token: string | undefined;
  readonly #terminal: Pick<Terminal, "remark" | "tell">;
  #own: Promise<Outcome<PrivateServer> | undefined> | undefined;

  constructor(
    named: string | undefined,
    token: string | undefined,
    terminal: Pick<Terminal, "remark" | "tell">,
  ) {
    this.#named = named;
    this.#token = token;
    this.#terminal = terminal;
  }

  /** The URL without starting anything. */
  get url(): string {
    return this.#named ?? DEFAULT_URL;
  }

  get isNamed(): boolean {
    return this.#named !== undefined;
  }

  /** The named or default server, whether it is there or not. */
  existing(): Found {
    return this.at(this.url);
  }

  /** A server that is there; one is started where nobody named one and none listens. */
  async any(): Promise<Outcome<Found>> {
    if (this.isNamed) return succeed(this.existing());
    this.#own ??= this.#find();
    let own = await this.#own;
    // What did not start, or has ended since, is tried again: an agent's session outlives it.
    if (own && (!own.ok || own.value.gone.aborted)) own = await (this.#own = this.#find());
    if (own === undefined) {
      this.#own = undefined;
      return succeed(this.existing());
    }
    return own.ok ? succeed({ ...this.at(own.value.url), own: own.value }) : own;
  }

  /** A server of our own; undefined where one listens already. */
  async #find(): Promise<Outcome<PrivateServer> | undefined> {
    return (await listens(DEFAULT_URL)) ? undefined : startPrivate(this.#terminal);
  }

  /** Stops what was started. */
  async close(): Promise<void> {
    const own = await this.#own;
    if (own?.ok) await own.value.stop();
  }

  /** A server at an address, there or not. */
  at(apiUrl: string): Found {
    const client = createClient({ baseUrl: apiUrl, token: this.#token });
    return { client, apiUrl };
  }
}

/** Whether anybody takes a connection there. What it is, the first request will show. */
async function listens(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
    return true;
  } catch (cause) {
    return cause instanceof Error && cause.name === "TimeoutError";
  }
}

/** `--api-url` as people write it: `localhost:8765` too. */
export function urlOf(text: string): Outcome<string> {
  const full = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  try {
    const { protocol, username, password, hostname } = new URL(full);
    if (!/^https?:$/.test(protocol) || !hostname) throw new TypeError("not http");
    if (username || password)
      return fail("refused", "--api-url must hold no password. Set MODLY_RUNS_TOKEN instead.");
    return succeed(full.replace(/\/+$/, ""));
  } catch {
    return fail(
      "refused",
      `--api-url ${JSON.stringify(text)} is no address of a server. It looks like ${DEFAULT_URL}.`,
    );
  }
}
