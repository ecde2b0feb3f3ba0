import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { originOf } from "../wire/http.ts";
import { Session } from "./session.ts";
import { restart } from "./settle.ts";

const neverAsked = () => Promise.reject(new Error("no situation is needed here"));

function sessionOf(port: number, timeout_ms: number, command = "true"): Session {
  const base_url = `http://127.0.0.1:${port}`;
  const origin = originOf(base_url);
  if (typeof origin === "string") throw new Error(origin);
  const hooks = { restart: { command, timeout_ms } };
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

test("a restart that fails once is tried again", async () => {
  const server = http.createServer((_request, response) => response.writeHead(404).end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), "restart-"));
  try {
    // The first try makes the folder and fails, the second finds it.
    const tried = join(folder, "tried");
    const command = `test -d ${tried} || { mkdir ${tried}; exit 1; }`;
    expect(await restart(sessionOf(port, 20_000, command))).toBe(true);
    await expect(restart(sessionOf(port, 20_000, "exit 7"))).rejects.toThrow("exit 7");
  } finally {
    server.close();
    await rm(folder, { recursive: true });
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
