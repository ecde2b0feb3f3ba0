import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

import { problem, type ProblemCode } from "@modly-runs/contract";

/** What the server says to one request. A body of null sends none. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** Neither a length nor chunks: the body ends where the connection does. */
  untilClose?: true;
}

/** One request; the path is verbatim, nothing is decoded or folded. */
export interface Request {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Which connection it came over: they are counted. */
  connection: number;
  /** The whole body, or the refusal when it is too long or never ends. */
  body(): Promise<Buffer | Answer>;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** A body that stands still for so long was cut off. */
const BODY_IDLE_MS = 1_000;

/** Tells a refusal from whatever else a step can give. */
export function isAnswer(value: unknown): value is Answer {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    "headers" in value &&
    "body" in value &&
    typeof value.status === "number"
  );
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(value),
  };
}

/** A refusal in the contract's own shape. */
export function refuse(
  code: ProblemCode,
  detail: string,
  headers: Record<string, string> = {},
): Answer {
  const body = problem(code, detail);
  return json(body.status, body, headers);
}

/** Reads the parsed JSON of an answer back: mutants and tolerances rewrite it. */
export function bodyOf(answer: Answer): Record<string, unknown> {
  return JSON.parse(String(answer.body)) as Record<string, unknown>;
}

const connections = new WeakMap<object, number>();
let connected = 0;

function connectionOf({ socket }: IncomingMessage): number {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  connected += 1;
  connections.set(socket, connected);
  return connected;
}

/** Turns Node's request into ours. */
export function fromNode(message: IncomingMessage): Request {
  const url = message.url ?? "/";
  return {
    method: message.method ?? "GET",
    path: url.split("?", 1)[0] ?? "/",
    headers: message.headers,
    connection: connectionOf(message),
    body: () => readBody(message),
  };
}

function readBody(message: IncomingMessage): Promise<Buffer | Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (result: Buffer | Answer) => {
      clearTimeout(idle);
      message.removeAllListeners("data");
      message.resume();
      resolve(result);
    };
    const cut = () =>
      settle(refuse("request_timeout", "The body did not end.", { Connection: "close" }));
    const idle = setTimeout(cut, BODY_IDLE_MS);
    message.on("data", (chunk: Buffer) => {
      idle.refresh();
      size += chunk.length;
      chunks.push(chunk);
      if (size > MAX_BODY_BYTES)
        settle(refuse("request_too_large", "The body is too long.", { Connection: "close" }));
    });
    message.once("end", () => settle(Buffer.concat(chunks)));
    message.once("error", cut);
  });
}

/** Writes an answer out, byte for byte; HEAD gets the headers alone. */
export function send(response: ServerResponse, method: string, answer: Answer): void {
  const bytes = answer.body === null ? null : Buffer.from(answer.body);
  const chunked = answer.headers["Transfer-Encoding"] !== undefined;
  if (answer.untilClose) {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  response.writeHead(answer.status, {
    ...(bytes && !chunked && !answer.untilClose ? { "Content-Length": String(bytes.length) } : {}),
    ...answer.headers,
  });
  response.end(method === "HEAD" || !bytes ? undefined : bytes);
}
