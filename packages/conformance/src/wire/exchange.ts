import type { Agent } from "node:http";

import type { Part } from "./multipart.ts";

/** One HTTP request as it was meant, before a byte of it was sent. */
export type WireRequest = {
  readonly method: string;
  /** Sent verbatim: nothing folds `..` or escapes a byte. Without the prefix of the base URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Send the body without a Content-Length. */
  readonly chunked?: boolean;
  /** Milliseconds; else the target's own answer budget. */
  readonly timeoutMs?: number;
  /** Use the connection of this pool, else a new connection. */
  readonly pool?: Pool;
};

/** A connection that requests may share, one after the other. */
export type Pool = { readonly agent: Agent; close(): void };

/** An answer as it came. */
export type WireResponse = {
  readonly status: number;
  /** Names in lower case; several of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** True if a `100 Continue` came before. */
  readonly continued: boolean;
};

/** Why there is no answer. */
export type NoAnswer = {
  readonly kind: "refused" | "timeout" | "closed" | "unreachable" | "not-http" | "unsendable";
  readonly message: string;
};

/** What a scenario meant by an exchange; predicates over histories read this. */
export type Meaning =
  | { readonly act: "create" }
  | { readonly act: "read" | "cancel"; readonly runId: string; readonly exact: boolean }
  | { readonly act: "output" }
  | { readonly act: "other" };

/** One request with its answer or the lack of it. Times are milliseconds of a monotonic clock. */
export type Exchange = {
  readonly number: number;
  readonly scenario: string;
  readonly meaning: Meaning;
  readonly request: WireRequest;
  /** What a multipart body was made of. */
  readonly parts?: readonly Part[];
  /** True if the body of the request is a whole request, written to a socket as it is. */
  readonly raw?: boolean;
  /** What a person needs to send it again; see the reports. */
  readonly again: string;
  readonly start: number;
  readonly end: number;
  readonly response?: WireResponse;
  readonly failure?: NoAnswer;
  /** False where an answer is not owed: cut bodies, broken framing. */
  readonly answerOwed: boolean;
};

/** The body of an answer as JSON, or undefined if it is none. */
export function jsonOf(response: WireResponse | undefined): unknown {
  if (response === undefined || response.body.length === 0) return undefined;
  try {
    return JSON.parse(response.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** True if the answer says that its body is JSON. */
export function isJsonType(response: WireResponse): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(
    response.headers["content-type"] ?? "",
  );
}

/** Why a body that should be JSON is none, with the place; undefined for JSON and for other types. */
export function bodyFault(response: WireResponse): string | undefined {
  if (!isJsonType(response) || response.body.length === 0) return undefined;
  const { body } = response;
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    return "begins with a byte order mark (EF BB BF): JSON must not";
  }
  try {
    JSON.parse(body.toString("utf8"));
    return undefined;
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
