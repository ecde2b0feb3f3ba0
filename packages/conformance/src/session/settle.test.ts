import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";

import { originOf } from "../wire/http.ts";
import { Session } from "./session.ts";
import { restart } from "./settle.ts";

const neverAsked = () => Promise.reject(new Error("no situation is needed here"));

function sessionOf(port: number, timeout_ms: number): Session {
  const base_url = `http://127.0.0.1:${port}`;
  const origin = originOf(base_url);
  if (typeof origin === "string") throw new Error(origin);
  const hooks = { restart: { command: "true", timeout_ms } };
  return new Session({ base_url, hooks }, origin, 1, neverAsked);
}

test("a server that listens only after its command came back is waited for", async () => {
  const server = http.createServer((_request, response) => response.writeHead(404).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  // Long after the five looks that a connection is given which breaks off.
  const late = setTimeout(() => server.listen(port, "127.0.0.1"), 1_200);
  try {
    expect(await restart(sessionOf(port, 20_000))).toBe(true);
  } finally {
    clearTimeout(late);
    server.close();
  }
});

test("a server that never comes back is given up", async () => {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  expect(await restart(sessionOf(port, 500))).toBe(false);
});
