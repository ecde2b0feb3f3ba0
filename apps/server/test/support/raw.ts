import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

import { Problem } from "@modly-runs/contract";
import { expect } from "vitest";

/** Opens a plain connection to a server. */
export function dial(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect({ host: hostname, port: Number(port) });
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function parse(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return {
    status: Number(line.split(" ")[1]),
    headers: new Map(headers),
    body: rest.join("\r\n\r\n"),
  };
}

/** Sends these bytes as they are, and gives what came back until the server closed. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = dial(url);
  socket.write(bytes);
  return answerOn(socket);
}

/** What comes on a connection until the server closes it; nothing within the bound is an error. */
export async function answerOn(socket: Socket): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
    socket.once("error", () => resolve());
  });
  const late = new AbortController();
  const open = await Promise.race([
    closed.then(() => false),
    wait(20_000, true, { signal: late.signal }),
  ]);
  late.abort();
  socket.destroy();
  if (open) throw new Error("the server left the connection open");
  return parse(Buffer.concat(chunks).toString("latin1"));
}

/** A GET with this target, spelt exactly so, and a connection that ends with the answer. */
export function get(target: string, headers: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries({ Host: "127.0.0.1", Connection: "close", ...headers });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Holds an answer against the one shape of refusals. */
export function expectProblem({ status, body }: { status: number; body: unknown }): Problem {
  const found = Problem.parse(typeof body === "string" ? JSON.parse(body) : body);
  expect(found.status).toBe(status);
  expect(found.detail).toMatch(
    /^(?:[A-Z\d]|params\b|model_id |collection ).*[.)]$|^File must be an image$/,
  );
  expect(found.detail).not.toMatch(/\/(?:tmp|home|root|usr)\/|\.ts\b|\bat \w+ \(/);
  return found;
}
