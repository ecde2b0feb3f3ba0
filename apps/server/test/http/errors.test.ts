import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

import { PROBLEMS } from "@modly-runs/contract";
import { expect, onTestFinished, test } from "vitest";

import { appForAll, openApp } from "../support/app.ts";
import { answerOn, dial, expectProblem, get, sendRaw } from "../support/raw.ts";

const shared = appForAll();

test.each([
  ["POST", "/workflow-runs/some-run", "GET, HEAD, OPTIONS"],
  ["DELETE", "/workflow-runs/some-run", "GET, HEAD, OPTIONS"],
  ["GET", "/workflow-runs/from-image", "POST, OPTIONS"],
  ["PUT", "/workflow-runs/from-image", "POST, OPTIONS"],
  ["GET", "/workflow-runs/some-run/cancel", "POST, OPTIONS"],
  ["POST", "/health", "GET, HEAD, OPTIONS"],
  ["DELETE", "/model/all", "GET, HEAD, OPTIONS"],
  ["PUT", "/workspace/Default/a.glb", "GET, HEAD, OPTIONS"],
])("%s %s is not allowed, and the answer says what is", async (method, path, allow) => {
  const app = shared();
  const sent = await fetch(app.url + path, { method });
  const answer = { status: sent.status, body: await sent.json() };
  expect(expectProblem(answer)).toMatchObject({ status: 405, code: "method_not_allowed" });
  expect(sent.headers.get("allow")).toBe(allow);
});

test.each([
  "/workflow-runs",
  "/workflow-runs/",
  "/workflow-runs/some-run/",
  "/Workflow-Runs/some-run",
  "/workflow-runs/some-run/cancel/more",
  "/health/",
  "//workflow-runs/some-run",
  "/favicon.ico",
])("%s is no route", async (path) => {
  const app = shared();
  const answer = await sendRaw(app.url, get(path));
  expect(expectProblem(answer)).toMatchObject({ status: 404, code: "route_not_found" });
});

test("a refusal is application/json, and problem+json for whoever asks", async () => {
  const app = shared();
  const accepts: [accept: string, type: string][] = [
    ["*/*", "application/json"],
    ["application/json", "application/json"],
    ["text/html", "application/json"],
    ["application/problem+json", "application/problem+json"],
    ["application/problem+json, application/json;q=0.5", "application/problem+json"],
    ["application/json, application/problem+json", "application/json"],
  ];
  for (const path of ["/nowhere", "/workflow-runs/nobody", "/workflow-runs/%00"])
    for (const [accept, type] of accepts) {
      const answer = await app.api().get(path).set("Accept", accept).buffer();
      expect(answer.type, `${path} for ${accept}`).toBe(type);
      expect(answer.headers["cache-control"]).toBe("no-store");
      expectProblem({ status: answer.status, body: answer.text });
    }
});

test("the answer names the request, so that the log can be found", async () => {
  const app = shared();
  const given = await app.api().get("/nowhere").set("X-Request-Id", "mine-1");
  expect(given.headers["x-request-id"]).toBe("mine-1");
  const made = await app.api().get("/nowhere").set("X-Request-Id", "not <mine>");
  expect(made.headers["x-request-id"]).toMatch(/^[\da-f-]{36}$/);
});

test.each<[what: string, bytes: string, code: keyof typeof PROBLEMS]>([
  ["no HTTP at all", "hello there\r\n\r\n", "malformed_request"],
  ["an unknown method", "FETCH / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "malformed_request"],
  ["a broken header", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nno colon\r\n\r\n", "malformed_request"],
  ["NUL in a header", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n", "malformed_request"],
  [
    "two lengths",
    "POST /workflow-runs/from-image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "malformed_request",
  ],
  ["a space in the path", get("/workflow-runs/a b"), "malformed_request"],
  ["headers without end", get("/health", { "X-Long": "x".repeat(20_000) }), "headers_too_large"],
  ["an address without end", get(`/${"a".repeat(20_000)}`), "headers_too_large"],
])("%s is refused in our shape", async (_what, bytes, code) => {
  const app = shared();
  const answer = await sendRaw(app.url, bytes);
  expect(expectProblem(answer)).toMatchObject({ code, status: PROBLEMS[code].status });
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(await app.api().get("/health")).toMatchObject({ status: 200 });
});

test("a request without Host, or that expects the unknown, is refused in our shape", async () => {
  const app = shared();
  const hostless = await sendRaw(app.url, "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n");
  expect(expectProblem(hostless)).toMatchObject({ status: 403, code: "forbidden_host" });
  const expecting = await sendRaw(app.url, get("/nowhere", { Expect: "a-miracle" }));
  expect(expectProblem(expecting)).toMatchObject({ status: 404, code: "route_not_found" });
});

test("headers that never end are cut off in time", async () => {
  const app = await openApp({ requestTimeoutMs: 300 });
  const socket = dial(app.url);
  await once(socket, "connect");
  socket.write("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
  expect(expectProblem(await answerOn(socket))).toMatchObject({ status: 408 });
});

test("a body that never ends is cut off in time, and leaves no file", async () => {
  const app = await openApp({ requestTimeoutMs: 300 });
  const socket = dial(app.url);
  await once(socket, "connect");
  socket.write(
    "POST /workflow-runs/from-image HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n" +
      "Content-Type: multipart/form-data; boundary=b\r\n\r\n" +
      '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n' +
      "Content-Type: image/png\r\n\r\nbytes",
  );
  expect(expectProblem(await answerOn(socket))).toMatchObject({ code: "request_timeout" });
  await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
});

test("clients that are refused and stay do not keep others out", async () => {
  const app = await openApp({ maxConnections: 8 });
  for (let count = 0; count < 8; count++) {
    const socket = dial(app.url);
    socket.allowHalfOpen = true;
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.write("nonsense\r\n\r\n");
    socket.resume();
    await once(socket, "end");
  }
  await expect
    .poll(async () => (await fetch(`${app.url}/health`).catch(() => undefined))?.status, {
      timeout: 10_000,
    })
    .toBe(200);
});

test("more connections than allowed are not taken, and those before go on", async () => {
  const app = await openApp({ maxConnections: 8 });
  const sockets = Array.from({ length: 12 }, () => dial(app.url));
  for (const socket of sockets) socket.on("error", () => {});
  await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(4);
  const [first, ...others] = sockets.filter(({ closed }) => !closed);
  first!.write(get("/health"));
  expect((await answerOn(first!)).status).toBe(200);
  for (const socket of others) socket.destroy();
  await expect
    .poll(async () => (await fetch(`${app.url}/health`).catch(() => undefined))?.status)
    .toBe(200);
});

test("a stop does not wait for a client that has said nothing", async () => {
  const app = await openApp({ stopGraceMs: 50_000 });
  const socket = dial(app.url);
  onTestFinished(() => void socket.destroy());
  const closed = once(socket, "close");
  await once(socket, "connect");
  await app.api().get("/health");
  const end = await Promise.race([app.stop().then(() => "stopped"), wait(20_000, "late")]);
  expect(end).toBe("stopped");
  await closed;
});
