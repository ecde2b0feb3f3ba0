import { createServer, IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { problem, type ProblemCode, PROBLEMS } from "@modly-runs/contract";
import type { Express } from "express";

import { boundConnections } from "./connections.ts";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  /** How long a whole request may take to arrive, ms; its headers get a tenth, at most 30 s. */
  readonly requestTimeoutMs: number;
}

export interface Listening {
  /** Where it can be reached. */
  readonly url: string;
  /** Takes no more connections and waits for answers under way, at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** What Node's own parser refuses, before there is a request: the code, and what to say. */
const PARSER_REFUSALS: Record<string, [ProblemCode, string]> = {
  HPE_HEADER_OVERFLOW: ["headers_too_large", "The request's headers are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "The request took too long to arrive."],
};
const MALFORMED: [ProblemCode, string] = [
  "malformed_request",
  "The request is not well-formed HTTP.",
];

/** How long a refused client may take to read why, ms. */
const LINGER_MS = 1000;

function refuseSocket(cause: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || cause.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [code, detail] = PARSER_REFUSALS[cause.code ?? ""] ?? MALFORMED;
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify(problem(code, detail));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // Our half is closed; a client that keeps its own open would hold the connection for ever.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function configure(server: Server, { requestTimeoutMs }: ListenOptions): void {
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = Math.min(30_000, requestTimeoutMs);
  server.keepAliveTimeout = 5000;
  server.on("clientError", refuseSocket);
}

/**
 * What Node makes of a request, with what the application adds to it already beneath. Express sets
 * that as the prototype of every request and every answer; where it is there already, this costs
 * nothing, and V8 keeps its fast ways to their properties: a read takes a third of the time.
 */
function messagesOf(app: Express) {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}

/** Opens the port. Rejects when it can't be had. */
export async function listen(app: Express, options: ListenOptions): Promise<Listening> {
  const server = createServer(
    {
      ...messagesOf(app),
      connectionsCheckingInterval: Math.min(5000, options.requestTimeoutMs),
      // A request without Host is the guard's business, which answers in our shape.
      requireHostHeader: false,
    },
    app,
  );
  // So is one that expects what we have never heard of.
  server.on("checkExpectation", app);
  configure(server, options);
  const connections = boundConnections(server, options.maxConnections);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : options.port;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      connections.dropIdle();
      const force = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(force);
    },
  };
}
