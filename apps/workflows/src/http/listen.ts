import { createServer } from "node:http";
import type { Socket } from "node:net";

import type { Express } from "express";

import { problem, type ProblemCode } from "../contract/problems.ts";
import { boundConnections } from "./connections.ts";

export interface Listening {
  /** Where it can be reached. */
  readonly url: string;
  /** Takes no more connections and waits for answers under way, at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const CONNECTIONS = 1024;
/** Milliseconds a whole request may take to arrive, and its headers. */
const ARRIVAL = 300_000;
const HEADERS = 30_000;
/** How long a refused client may take to read why, ms. */
const LINGER = 1000;

/** What Node's own parser refuses, before there is a request. */
const PARSER_REFUSALS: Readonly<Record<string, [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ["headers_too_large", "The request's headers are too large."],
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "The request took too long to arrive."],
};

function refuseSocket(cause: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || cause.code === "ECONNRESET") return void socket.destroy();
  const [code, detail] = PARSER_REFUSALS[cause.code ?? ""] ?? [
    "malformed_request",
    "The request is not well-formed HTTP.",
  ];
  const body = problem(code, detail);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${body.status} ${body.title}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
  setTimeout(() => socket.destroy(), LINGER).unref();
}

/** Opens the port. Rejects when it can't be had. */
export async function listen(app: Express, host: string, port: number): Promise<Listening> {
  // A request without Host is the guard's business, which answers in our shape.
  const server = createServer({ requireHostHeader: false }, app);
  server.requestTimeout = ARRIVAL;
  server.headersTimeout = HEADERS;
  boundConnections(server, CONNECTIONS);
  server.on("clientError", refuseSocket);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  const at = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${at}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(force);
    },
  };
}
