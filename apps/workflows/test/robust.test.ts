import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import Database from "libsql";
import { SignJWT } from "jose";
import sharp from "sharp";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  api,
  childrenOf,
  listener,
  LOCAL,
  picture,
  pictureBytes,
  startService,
  type Started,
  temporary,
  until,
} from "./support.ts";

let place: Awaited<ReturnType<typeof temporary>>;
let started: Started | undefined;
beforeEach(async () => {
  place = await temporary();
});
afterEach(async () => {
  await started?.kill();
  await place.remove();
});
async function service(...args: string[]) {
  started = await startService(place.dir, args);
  return started;
}

const body = (steps: object[]) => ({ name: "Robust", origin_instance: "tests", steps });

test("a process that dies at work is replaced, and the workflow is completed", async () => {
  const own = await service(...LOCAL, "--workers", "1");
  const client = api(own.url);
  let first = true;
  const taker = await listener((_heard, response) => {
    // The first try is never answered.
    if (!first) response.end();
    first = false;
  });
  try {
    const { id } = await client.create(
      body([
        { id: "hand", task_type: "SEND", config: { url: taker.url, file: await picture(1) } },
        {
          id: "after",
          task_type: "RESIZE",
          config: { image: await picture(1) },
          depends_on: ["hand"],
        },
      ]),
    );
    await until(async () => taker.heard[0], "the step");
    for (const pid of childrenOf(own)) process.kill(pid, "SIGKILL");
    const done = await client.ended(id);
    expect(done).toMatchObject({ status: "COMPLETED", steps: [{ retry_count: 0 }, {}] });
    // It is the same try, so the other one can tell.
    const keys = taker.heard.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  } finally {
    await taker.stop();
  }
});

test("a service that is stopped in the middle of a step leaves at once, and the next one goes on", async () => {
  let first = true;
  const taker = await listener((_heard, response) => {
    if (!first) response.end();
    first = false;
  });
  try {
    const own = await service(...LOCAL);
    const { id } = await api(own.url).create(
      body([{ id: "hand", task_type: "SEND", config: { url: taker.url, file: await picture(1) } }]),
    );
    await until(async () => taker.heard[0], "the step");
    expect(await own.stop()).toBe(0);
    const next = await service(...LOCAL);
    const done = await api(next.url).ended(id);
    expect(done).toMatchObject({ status: "COMPLETED", steps: [{ retry_count: 0 }] });
    const keys = taker.heard.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual([keys[0], keys[0]]);
  } finally {
    await taker.stop();
  }
});

test("a picture that takes too much memory fails its own workflow, and nobody else's", async () => {
  const own = await service(...LOCAL, "--workers", "1", "--worker-memory-mib", "300");
  const client = api(own.url);
  const large = await sharp({
    create: { width: 7000, height: 7000, channels: 4, background: "white" },
  })
    .png()
    .toBuffer();
  const address = `data:image/png;base64,${large.toString("base64")}`;
  const poison = await client.create(
    body([{ id: "cut", task_type: "CUTOUT", config: { image: address } }]),
  );
  const other = await client.create(
    body([{ id: "small", task_type: "RESIZE", config: { image: await picture(2) } }]),
  );
  expect((await client.ended(other.id)).status).toBe("COMPLETED");
  expect(await client.ended(poison.id)).toMatchObject({
    status: "FAILED",
    error_message: "The process that did its steps died 4 times.",
  });
}, 600_000);

test("a service that is killed leaves no process behind, and nothing half made", async () => {
  const own = await service(...LOCAL);
  const client = api(own.url);
  const { id } = await client.create(
    body([{ id: "small", task_type: "RESIZE", config: { image: await picture(3) } }]),
  );
  await client.ended(id);
  const hands = childrenOf(own);
  expect(hands.length).toBeGreaterThan(0);
  await own.kill();
  const isThere = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await until(async () => !hands.some(isThere) || undefined, "the end of the processes");
  // A crash between a flow run and its workflow.
  const db = new Database(path.join(place.dir, "flows.db"));
  db.exec(
    "insert into flow_runs (id, name, definition, plan, values_in, total, status, created_at) values ('orphan', 'x', '{}', '{}', '[]', 1, 'running', 1)",
  );
  db.close();
  await service(...LOCAL);
  const after = new Database(path.join(place.dir, "flows.db"), { readonly: true });
  expect(after.prepare("select id from flow_runs").all()).toMatchObject([{ id }]);
  after.close();
});

test("more bodies at once than there is room for are refused, and room comes back", async () => {
  const holding: (() => void)[] = [];
  const bytes = await pictureBytes(1);
  const slow = await listener((_heard, response) => holding.push(() => response.end(bytes)));
  const own = await service(...LOCAL);
  const client = api(own.url);
  const made = body([{ id: "a", task_type: "RESIZE", config: { image: `${slow.url}/a.png` } }]);
  try {
    const all = Array.from({ length: 32 }, () => client.create(made, "?start=false"));
    await until(async () => holding[31], "the files to be asked for");
    expect(await client.refusal("POST", "/", made)).toMatchObject({
      status: 503,
      code: "overloaded",
    });
    for (const answer of holding) answer();
    expect(await Promise.all(all)).toHaveLength(32);
    const again = client.create(made, "?start=false");
    await until(async () => holding[32], "the file to be asked for again");
    holding[32]!();
    expect((await again).status).toBe("PENDING");
  } finally {
    await slow.stop();
  }
});

test("keys that can't be fetched are no fault of the caller", async () => {
  const keys = createServer((_request, response) => response.writeHead(500).end());
  await new Promise<void>((resolve) => keys.listen(0, "127.0.0.1", resolve));
  const { port } = keys.address() as AddressInfo;
  const token = await new SignJWT({ tenant: "a" })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setExpirationTime("1h")
    .sign(
      (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]))
        .privateKey,
    );
  try {
    const own = await service("--jwks-url", `http://127.0.0.1:${port}/`);
    const away = { status: 503, body: { code: "keys_away" } };
    expect(await api(own.url, token).call("GET", "/")).toMatchObject(away);
    keys.closeAllConnections();
    await new Promise((resolve) => keys.close(resolve));
    expect(await api(own.url, token).call("GET", "/")).toMatchObject(away);
  } finally {
    keys.close();
  }
});
