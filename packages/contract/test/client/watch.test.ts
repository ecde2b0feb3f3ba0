// The watch against servers that speak differently, go away, and come back.
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, test } from "vitest";

import { createClient, type Outcome } from "../../src/client/index.ts";
import type { Run } from "../../src/index.ts";

const open: Server[] = [];
async function listen(listener: RequestListener, port = 0): Promise<number> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
async function closeAll(): Promise<void> {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
afterEach(closeAll);

const running = (progress: number) => ({
  run_id: "r1",
  status: "running",
  progress,
  step: "Working",
  output_url: null,
  error: null,
  scene_candidate: null,
});
const done = {
  ...running(100),
  status: "done",
  step: "Completed",
  output_url: "/workspace/Default/a.glb",
  scene_candidate: { workspace_path: "Default/a.glb" },
};

const on = (port: number) => createClient({ baseUrl: `http://127.0.0.1:${port}` });
async function all(watch: AsyncIterable<Outcome<Run>>): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  for await (const told of watch) seen.push(told.ok ? told.value.progress : told.failure.code);
  return seen;
}
const event = (run: object, id: number) => `id: ${id}\ndata: ${JSON.stringify(run)}\n\n`;
const asStream = { "content-type": "text/event-stream" };
const asJson = { "content-type": "application/json" };

describe("a server that streams", () => {
  test("is asked once for a whole run, and comments and repeats are passed over", async () => {
    let requests = 0;
    const port = await listen((_request, response) => {
      requests += 1;
      response.writeHead(200, asStream);
      response.end(`: hello\n\n${event(running(1), 1)}${event(running(1), 1)}${event(done, 2)}`);
    });
    expect(await all(on(port).watch("r1"))).toEqual([1, 100]);
    expect(requests).toBe(1);
  });

  test("that drops the connection is asked to go on where it was", async () => {
    const asked: unknown[] = [];
    const port = await listen((request, response) => {
      asked.push(request.headers["last-event-id"]);
      response.writeHead(200, asStream);
      if (asked.length === 1) response.write(event(running(7), 7), () => response.destroy());
      else response.end(event(done, 8));
    });
    expect(await all(on(port).watch("r1"))).toEqual([7, 100]);
    expect(asked).toEqual([undefined, "7"]);
  });

  test("that thinks we know the end (204) is read plainly", async () => {
    const port = await listen((request, response) => {
      if (request.headers["last-event-id"]) return response.writeHead(204).end();
      if (request.headers.accept === "application/json")
        return response.writeHead(200, asJson).end(JSON.stringify(done));
      return response.writeHead(200, asStream).end(event(running(7), 7));
    });
    expect(await all(on(port).watch("r1"))).toEqual([7, 100]);
  });

  test("something else than runs is polled", async () => {
    const port = await listen((request, response) => {
      if (!request.headers.accept?.includes("event-stream"))
        return response.writeHead(200, asJson).end(JSON.stringify(done));
      return response.writeHead(200, asStream).end("event: percent\ndata: 12\n\n");
    });
    expect(await all(on(port).watch("r1"))).toEqual([100]);
  });
});

test("a server that holds its answers is asked with the ETag it gave", async () => {
  const asked: unknown[] = [];
  const port = await listen(({ headers }, response) => {
    asked.push([headers["if-none-match"], String(headers.prefer).startsWith("wait=")]);
    const run = asked.length < 3 ? running(asked.length) : done;
    response.writeHead(200, { ...asJson, etag: `"${asked.length}"`, "preference-applied": "wait" });
    response.end(JSON.stringify(run));
  });
  expect(await all(on(port).watch("r1"))).toEqual([1, 2, 100]);
  expect(asked).toEqual([
    [undefined, false],
    ['"1"', true],
    ['"2"', true],
  ]);
});

test("a server that is killed and started again is waited for", async () => {
  const port = await listen((_request, response) => {
    response.writeHead(200, asStream);
    response.write(event(running(5), 1));
  });
  let back = 0;
  const client = createClient({
    baseUrl: `http://127.0.0.1:${port}`,
    fetch: (...ask) =>
      fetch(...ask).catch(async (cause: unknown) => {
        // Nobody was there: now it comes back.
        if (back === 0) {
          back = await listen((_request, response) => {
            response.writeHead(200, asJson).end(JSON.stringify(done));
          }, port);
        }
        throw cause;
      }),
  });
  const seen: (number | string)[] = [];
  const away: string[] = [];
  for await (const told of client.watch("r1", { onAway: ({ code }) => away.push(code) })) {
    seen.push(told.ok ? told.value.progress : told.failure.code);
    if (seen.length === 1) await closeAll();
  }
  expect(seen).toEqual([5, 100]);
  expect(back).toBe(port);
  expect(away).toEqual(["unreachable"]);
});

test("patience has an end", async () => {
  const port = await listen(() => {});
  await closeAll();
  expect(await all(on(port).watch("r1", { patience: 300 }))).toEqual(["unreachable"]);
});

test("errors that pass are waited for, a lost run is not", async () => {
  const answers = [503, 429, 200, 404];
  const port = await listen((_request, response) => {
    const status = answers.shift()!;
    response
      .writeHead(status, asJson)
      .end(JSON.stringify(status === 200 ? running(3) : { detail: "No." }));
  });
  expect(await all(on(port).watch("r1"))).toEqual([3, "not_found"]);
  expect(answers).toEqual([]);
});

test("the caller's signal ends it as a value", async () => {
  const port = await listen((_request, response) => {
    response.writeHead(200, asStream);
    response.write(event(running(5), 1));
  });
  const stop = new AbortController();
  const seen: (number | string)[] = [];
  for await (const told of on(port).watch("r1", { signal: stop.signal })) {
    seen.push(told.ok ? told.value.progress : told.failure.code);
    stop.abort();
  }
  expect(seen).toEqual([5, "aborted"]);
});

test("leaving the loop closes the connection", async () => {
  let closed: () => void;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const port = await listen((_request, response) => {
    response.on("close", () => closed());
    response.writeHead(200, asStream);
    response.write(event(running(5), 1));
  });
  for await (const told of on(port).watch("r1")) if (told.ok) break;
  await expect(gone).resolves.toBeUndefined();
});
