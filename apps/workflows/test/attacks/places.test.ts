import { once } from "node:events";
import { type ClientRequest, request } from "node:http";
import { connect, type Socket } from "node:net";

import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  api,
  listener,
  LOCAL,
  picture,
  startService,
  type Started,
  temporary,
  until,
} from "../support.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
let place: Awaited<ReturnType<typeof temporary>>;
let own: Started;
beforeAll(async () => {
  place = await temporary();
  own = await startService(place.dir, [...LOCAL, "--jwt-secret", SECRET]);
});
afterAll(async () => {
  await own.kill();
  await place.remove();
});

const tokenOf = (tenant: string) =>
  new SignJWT({ tenant })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(SECRET));
const bodyOf = (image: string) => ({
  name: "Attack",
  origin_instance: "tests",
  steps: [{ id: "one", task_type: "RESIZE", config: { image } }],
});

/** A create whose body never comes to its end. */
function slow(token: string): ClientRequest {
  const sent = request(`${own.url}/api/v1/workflows/`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": "1000",
    },
  });
  sent.on("error", () => {});
  sent.write("{");
  return sent;
}

test("uploads that do not move keep nobody else out: not other tenants, and not their own for long", async () => {
  const [own1, other] = await Promise.all([tokenOf("slow"), tokenOf("quick")]);
  const held = Array.from({ length: 40 }, () => slow(own1));
  try {
    // More than a tenant may have are refused at once.
    const [refused] = (await Promise.race(held.map((one) => once(one, "response")))) as [
      { statusCode: number },
    ];
    expect(refused.statusCode).toBe(503);
    const image = await picture();
    const made = await api(own.url, other).create(bodyOf(image), "?start=false");
    expect(made.status).toBe("PENDING");
    // The slowest gives way when it has had its time to begin.
    const mine = await until(async () => {
      const { status } = await api(own.url, own1).call("POST", "/?start=false", bodyOf(image));
      return status === 201 || undefined;
    }, "a place");
    expect(mine).toBe(true);
  } finally {
    for (const one of held) one.destroy();
  }
});

test("who leaves before the answer has nothing more fetched for it", async () => {
  const token = await tokenOf("leaves");
  let open = 0;
  const far = await listener((_heard, response) => {
    open++;
    response.once("close", () => open--);
  });
  try {
    const gone = new AbortController();
    const sent = fetch(`${own.url}/api/v1/workflows/`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(bodyOf(`${far.url}/a.png`)),
      signal: gone.signal,
    });
    await until(async () => open === 1 || undefined, "the file to be asked for");
    gone.abort();
    await expect(sent).rejects.toThrow("aborted");
    await until(async () => open === 0 || undefined, "the end of the fetch");
  } finally {
    await far.stop();
  }
});

test("connections that say nothing give way, streams of one tenant leave places for others", async () => {
  const [many, other] = await Promise.all([tokenOf("many"), tokenOf("one")]);
  const { hostname, port } = new URL(own.url);
  const silent: Socket[] = [];
  const gone = new AbortController();
  try {
    for (let nth = 0; nth < 1100; nth++) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {});
      await once(socket, "connect");
      silent.push(socket);
    }
    const image = await picture();
    const client = api(own.url, many);
    const { id } = await client.create(bodyOf(image), "?start=false");
    const follow = (token: string, which: string) =>
      fetch(`${own.url}/api/v1/workflows/${which}`, {
        headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
        signal: gone.signal,
      });
    const streams = await Promise.all(Array.from({ length: 300 }, () => follow(many, id)));
    const refused = streams.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(300 - 256);
    const theirs = await api(own.url, other).create(bodyOf(image), "?start=false");
    expect((await follow(other, theirs.id)).status).toBe(200);
  } finally {
    gone.abort();
    for (const socket of silent) socket.destroy();
  }
});
