import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bodiesWith } from "./neighbour/bodies.ts";
import { CHECKS } from "./neighbour/checks.ts";
import { judge } from "./neighbour/judge.ts";
import { picture, startServer, type Started, startService, temporary } from "./support.ts";

let place: Awaited<ReturnType<typeof temporary>>;
let server: Started;
let service: Started;
let bodies: ReturnType<typeof bodiesWith>;

beforeAll(async () => {
  place = await temporary();
  server = await startServer(path.join(place.dir, "server"));
  service = await startService(path.join(place.dir, "service"), [
    ...["--server", `main=${server.url}`, "--token", "s3cret"],
  ]);
  bodies = bodiesWith(await picture(1), {
    model: "test/fingerprint",
    slowModel: "test/steps",
    slowParams: { steps: 100_000, step_ms: 100 },
  });
});
afterAll(async () => {
  await service.stop();
  await server.stop();
  await place.remove();
});

const target = (base: string) => ({
  base: `${base}/api/v1`,
  token: "s3cret",
  patience: 110_000,
  ...bodies,
});

test("the service keeps everything that the neighbouring API promises", async () => {
  const verdicts = await judge(target(service.url));
  expect(verdicts.filter(({ outcome }) => outcome !== "kept")).toEqual([]);
  expect(verdicts).toHaveLength(CHECKS.length);
});

test.for([
  ["http://127.0.0.1:1", 3, /Nothing answers at .*Start the service/],
  ["the service", 0, /^1 kept, 0 broken, 0 not asked$/m],
] as const)("the command says how it came out: %s", async ([named, code, says]) => {
  const url = named === "the service" ? service.url : named;
  const command = spawn(
    process.execPath,
    [
      ...["--import", "tsx", "--conditions=@modly-runs/source", "apps/workflows/scripts/check.ts"],
      ...["--url", `${url}/api/v1/`, "--token", "s3cret", "--only", "WF-14"],
    ],
    { cwd: path.resolve(import.meta.dirname, "../../.."), stdio: ["ignore", "pipe", "pipe"] },
  );
  const [said, complained] = await Promise.all([
    text(command.stdout),
    text(command.stderr),
    once(command, "close"),
  ]);
  expect(said + complained).toMatch(says);
  expect(command.exitCode).toBe(code);
});

/** What a service that is wrong in one thing answers; undefined leaves it as it is. */
type Wrong = (
  asked: { method: string; path: string },
  reply: { status: number; body: Record<string, unknown> },
) => Partial<{ status: number; body: unknown }> | undefined;

const isOne = ({ method, path: where }: { method: string; path: string }) =>
  method === "GET" && /\/workflows\/[^/?]+$/.test(where);
const isList = ({ method, path: where }: { method: string; path: string }) =>
  method === "GET" && /\/workflows\/(\?|$)/.test(where);

const WRONG: readonly (readonly [name: string, breaks: string, wrong: Wrong])[] = [
  [
    "a field is missing",
    "WF-01",
    (_asked, { body }) =>
      "progress" in body ? { body: { ...body, progress: undefined } } : undefined,
  ],
  [
    "a step is not told",
    "WF-02",
    (_asked, { body }) =>
      Array.isArray(body["steps"])
        ? { body: { ...body, steps: body["steps"].slice(1) } }
        : undefined,
  ],
  [
    "the end has not all its steps",
    "WF-03",
    (asked, { body }) =>
      isOne(asked) && body["status"] === "COMPLETED"
        ? { body: { ...body, completed_steps: 1 } }
        : undefined,
  ],
  [
    "progress falls",
    "WF-04",
    (asked, { body }) =>
      isOne(asked) && body["status"] !== "PENDING"
        ? { body: { ...body, progress: -1 } }
        : undefined,
  ],
  [
    "what ended is started again",
    "WF-05",
    ({ path: where }, { status }) =>
      where.endsWith("/start") && status === 409 ? { status: 200 } : undefined,
  ],
  [
    "everything is resumed",
    "WF-06",
    ({ path: where }, { status }) =>
      where.endsWith("/resume") && status === 409 ? { status: 200 } : undefined,
  ],
  [
    "a cancel is only an answer",
    "WF-07",
    (asked, { body }) =>
      isOne(asked) && body["status"] === "CANCELLED"
        ? { body: { ...body, status: "PENDING" } }
        : undefined,
  ],
  [
    "a change is not kept",
    "WF-10",
    (asked, { body }) => (isOne(asked) ? { body: { ...body, name: "Checked" } } : undefined),
  ],
  [
    "the oldest comes first",
    "WF-11",
    (asked, { body }) =>
      isList(asked) && Array.isArray(body["workflows"])
        ? { body: { ...body, workflows: body["workflows"].toReversed() as unknown[] } }
        : undefined,
  ],
  [
    "the total is of the page",
    "WF-11",
    (asked, { body }) =>
      isList(asked) && Array.isArray(body["workflows"])
        ? { body: { ...body, total: body["workflows"].length } }
        : undefined,
  ],
  [
    "what was cleaned up is not said to be deleted",
    "WF-13",
    (asked, { body }) => (isOne(asked) ? { body: { ...body, is_deleted: false } } : undefined),
  ],
  [
    "what is not there is a 200",
    "WF-14",
    (_asked, { status }) => (status === 404 ? { status: 200 } : undefined),
  ],
  [
    "a wrong definition is a 500",
    "WF-15",
    ({ method }, { status }) => (method === "POST" && status === 400 ? { status: 500 } : undefined),
  ],
  [
    "anybody gets in",
    "WF-16",
    (_asked, { status }) => (status === 401 ? { status: 200, body: {} } : undefined),
  ],
];

describe("the checks find what is wrong", () => {
  test.for(WRONG)("%s: %s", async ([, breaks, wrong]) => {
    const proxy = await wrongly(service.url, wrong);
    try {
      const [verdict] = await judge(target(proxy.url), [breaks]);
      expect(verdict).toMatchObject({ id: breaks, outcome: "broken" });
    } finally {
      await proxy.stop();
    }
  });
});

/** The service with something changed in its answers. */
async function wrongly(upstream: string, wrong: Wrong) {
  const proxy = createServer((request, response) => {
    void (async () => {
      const sent = await buffer(request);
      const { method = "GET", url = "/" } = request;
      const { authorization, "content-type": type } = request.headers;
      const real = await fetch(upstream + url, {
        method,
        headers: {
          ...(authorization ? { authorization } : {}),
          ...(type ? { "content-type": type } : {}),
        },
        ...(sent.length > 0 ? { body: new Uint8Array(sent) } : {}),
      });
      const body = (await real.json()) as Record<string, unknown>;
      const changed = wrong({ method, path: url }, { status: real.status, body }) ?? {};
      response.writeHead(changed.status ?? real.status, { "content-type": "application/json" });
      response.end(JSON.stringify(changed.body ?? body));
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async stop() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
