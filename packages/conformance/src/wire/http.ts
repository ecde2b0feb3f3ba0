import http from "node:http";
import https from "node:https";
import { performance } from "node:perf_hooks";

import type { NoAnswer, Pool, WireRequest, WireResponse } from "./exchange.ts";

/** Where the target listens, taken apart once. */
export type Origin = {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Goes before every path; empty or `/something` without a slash at its end. */
  readonly prefix: string;
};

/** Takes a base URL apart, or says in a sentence why it is none. */
export function originOf(baseUrl: string): Origin | string {
  if (!URL.canParse(baseUrl)) return `"${baseUrl}" is not a URL; write http://host:port`;
  const url = new URL(baseUrl);
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") {
    return `"${baseUrl}" does not begin with http:// or https://`;
  }
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    prefix: url.pathname.replace(/\/+$/, ""),
  };
}

/** A single connection that is kept open between requests. */
export function openPool(origin: Origin): Pool {
  const options = { keepAlive: true, maxSockets: 1 };
  const agent = origin.secure ? new https.Agent(options) : new http.Agent(options);
  return { agent, close: () => agent.destroy() };
}

/** The answer or the lack of it, and when the request began and the answer was complete. */
export type Sent = {
  readonly start: number;
  readonly end: number;
  readonly response?: WireResponse;
  readonly failure?: NoAnswer;
};

function kindOf(code: string | undefined): NoAnswer["kind"] {
  if (code === "ECONNREFUSED") return "refused";
  if (code?.startsWith("HPE_")) return "not-http";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EHOSTUNREACH") return "unreachable";
  return "closed";
}

/** What Node puts into a request line: anything else would break it. */
const NOT_IN_A_PATH = /[^\u{21}-\u{FF}]/u;

function unsendable(path: string): NoAnswer | undefined {
  const found = NOT_IN_A_PATH.exec(path);
  return found === null
    ? undefined
    : {
        kind: "unsendable",
        message: `not sent: the path ${JSON.stringify(path)} has ${JSON.stringify(found[0])} at character ${found.index + 1}, which has to be percent-encoded in a request`,
      };
}

function headersOf(raw: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(raw).map(([name, values]) => [name.toLowerCase(), (values ?? []).join(", ")]),
  );
}

/** A server may tell a path that no request line can hold; what is illegal there is escaped. */
function spelled(path: string): string {
  return path.replaceAll(/[^!-~]/gu, (letter) =>
    Buffer.from(letter)
      .toString("hex")
      .replaceAll(/../g, (byte) => `%${byte.toUpperCase()}`),
  );
}

/** How long a client waits for a `100 Continue` before it sends the body all the same. */
const CONTINUE_MS = 1_000;

/**
 * Sends one request with its path and body exactly as given. Never throws: a refused connection or a
 * budget that ran out is a value.
 */
export function send(
  origin: Origin,
  request: WireRequest,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Sent> {
  const start = performance.now();
  const failure = unsendable(request.path);
  if (failure) return Promise.resolve({ start, end: start, failure });
  return new Promise((resolve) => {
    let continued = false;
    const settle = (rest: Pick<Sent, "response" | "failure">) => {
      clearTimeout(timer);
      clearTimeout(unasked);
      resolve({ start, end: performance.now(), ...rest });
    };
    const fail = (kind: NoAnswer["kind"], message: string) => {
      settle({ failure: { kind, message } });
      outgoing.destroy();
    };
    const expects = request.headers?.["Expect"] !== undefined;
    const outgoing = (origin.secure ? https : http).request({
      host: origin.host,
      port: origin.port,
      method: request.method,
      path: origin.prefix + spelled(request.path),
      agent: request.pool?.agent ?? false,
      headers: {
        ...headers,
        ...request.headers,
        ...(request.body !== undefined && !request.chunked
          ? { "Content-Length": String(request.body.length) }
          : {}),
        ...(request.chunked ? { "Transfer-Encoding": "chunked" } : {}),
        // Node leaves the length out of some bodiless methods; a POST says 0.
        ...(request.body === undefined && request.method === "POST"
          ? { "Content-Length": "0" }
          : {}),
      },
    });
    const timer = setTimeout(
      () => fail("timeout", `no complete answer within ${timeoutMs} ms`),
      timeoutMs,
    );
    if (signal !== undefined) {
      signal.addEventListener("abort", () => fail("closed", "given up by the suite"), {
        once: true,
      });
    }
    // It may come once, never, or more often than once: RFC 9110, section 15.2.
    const goOn = () => {
      clearTimeout(unasked);
      if (!outgoing.writableEnded) outgoing.end(request.body);
    };
    const unasked = expects ? setTimeout(goOn, CONTINUE_MS) : undefined;
    outgoing.on("continue", () => {
      continued = true;
      goOn();
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // A server may close an idle connection at the moment that it is used again: RFC 9112, section 9.5.
      const idle = outgoing.reusedSocket && error.code === "ECONNRESET";
      if (idle && (request.method === "GET" || request.method === "HEAD")) {
        clearTimeout(timer);
        resolve(send(origin, request, headers, timeoutMs, signal));
        return;
      }
      fail(kindOf(error.code), error.message || error.code || "the connection failed");
    });
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", (error: NodeJS.ErrnoException) =>
        fail("closed", `the answer broke off: ${error.message}`),
      );
      incoming.on("end", () => {
        settle({
          response: {
            status: incoming.statusCode ?? 0,
            headers: headersOf(incoming.headersDistinct),
            body: Buffer.concat(chunks),
            continued,
          },
        });
        if (expects) outgoing.destroy();
      });
    });
    if (expects) {
      outgoing.flushHeaders();
    } else if (request.chunked && request.body !== undefined) {
      const half = Math.ceil(request.body.length / 2);
      outgoing.write(request.body.subarray(0, half));
      outgoing.end(request.body.subarray(half));
    } else {
      outgoing.end(request.body);
    }
  });
}
