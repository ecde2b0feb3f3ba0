import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { api, picture, startService, type Started, temporary } from "./support.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const BASE = "/api/v1/workflows/";

/** One for all tests of tenants: each has tenants of its own. */
let house: Awaited<ReturnType<typeof temporary>>;
let shared: Started;
beforeAll(async () => {
  house = await temporary();
  shared = await startService(house.dir, ["--jwt-secret", SECRET, "--token", "operator"]);
});
afterAll(async () => {
  await shared.stop();
  await house.remove();
});

let place: Awaited<ReturnType<typeof temporary>>;
const started: Started[] = [];
beforeEach(async () => {
  place = await temporary();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
  await place.remove();
});
async function service(...args: string[]) {
  const one = await startService(path.join(place.dir, String(started.length)), args);
  started.push(one);
  return one;
}

const secret = new TextEncoder().encode(SECRET);
const token = (claims: Record<string, unknown>, expires = "1h", key: Uint8Array = secret) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime(expires).sign(key);

const body = async (more: object = {}) => ({
  name: "Own",
  origin_instance: "tests",
  steps: [{ id: "one", task_type: "RESIZE", config: { image: await picture(1), longest: 24 } }],
  ...more,
});

/** A request with headers that fetch keeps to itself. */
function raw(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
      response.on("end", () => resolve({ status: response.statusCode!, text }));
    })
      .on("error", reject)
      .end();
  });
}

test("no tenant sees, changes, lists or fetches anything of another's", async () => {
  const { url } = shared;
  const [acme, other, operator] = [
    api(url, await token({ tenant: "acme" })),
    api(url, await token({ tenant: "other" })),
    api(url, "operator"),
  ];
  const made = await acme.ended((await acme.create(await body())).id);
  expect(made.origin_tenant_id).toBe("acme");
  const file = (made.steps[0]!.result!["image"] as { url: string }).url;
  for (const [method, where] of [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["POST", "/start"],
    ["POST", "/pause"],
    ["POST", "/resume"],
    ["POST", "/cleanup"],
    ["GET", "/deliveries"],
  ] as const)
    expect(
      await other.refusal(method, `/${made.id}${where}`, method === "PATCH" ? {} : undefined),
    ).toMatchObject({ status: 404, code: "workflow_not_found" });
  await expect(other.bytes(file)).rejects.toThrow("404");
  const stream = await fetch(`${url}${BASE}${made.id}`, {
    headers: {
      accept: "text/event-stream",
      authorization: `Bearer ${await token({ tenant: "other" })}`,
    },
  });
  expect(stream.status).toBe(404);
  const total = async (client: ReturnType<typeof api>, query = "") =>
    ((await client.call("GET", `/${query}`)).body as { total: number }).total;
  expect([await total(acme), await total(other)]).toEqual([1, 0]);
  expect(await total(operator, "?origin_tenant_id=acme")).toBe(1);
  expect(await total(other, "?origin_tenant_id=acme")).toBe(0);
  expect((await acme.get(made.id)).id).toBe(made.id);
  expect((await operator.get(made.id)).id).toBe(made.id);
  expect(await acme.bytes(file)).not.toHaveLength(0);
});

test("a file of one workflow is not fetched by way of another", async () => {
  const { url } = shared;
  const [acme, other] = [
    api(url, await token({ tenant: "one" })),
    api(url, await token({ tenant: "two" })),
  ];
  const made = await acme.ended((await acme.create(await body())).id);
  const theirs = await other.create(
    await body({
      steps: [{ id: "one", task_type: "RESIZE", config: { image: await picture(2) } }],
    }),
  );
  const { sha256 } = made.steps[0]!.result!["image"] as { sha256: string };
  await expect(other.bytes(`${BASE}${theirs.id}/files/${sha256}.png`)).rejects.toThrow("404");
});

test("what one tenant made is neither reused nor locked for another", async () => {
  const { url } = shared;
  const reused = async (tenant: string, locked: boolean) => {
    const client = api(url, await token({ tenant }));
    const step = { ...(await body()).steps[0], locked };
    const { id } = await client.create(await body({ steps: [step] }));
    return (await client.ended(id)).steps[0]!.reused;
  };
  expect(await reused("east", false)).toBeNull();
  expect(await reused("east", false)).toBe("made before");
  expect(await reused("east", true)).toBe("locked");
  expect(await reused("west", true)).toBeNull();
});

test("a tenant is the token's: the body can't say another", async () => {
  const { url } = await service("--jwt-secret", SECRET, "--tenant-claim", "org.id");
  const client = api(url, await token({ org: { id: "acme" } }));
  expect(
    await client.refusal("POST", "/", await body({ origin_tenant_id: "other" })),
  ).toMatchObject({
    status: 403,
    code: "forbidden_tenant",
  });
  expect((await client.create(await body({ origin_tenant_id: "acme" }))).origin_tenant_id).toBe(
    "acme",
  );
});

test("a token that is missing, wrong, too old or names nobody is refused with a sentence", async () => {
  const { url } = await service(
    ...["--jwt-secret", SECRET, "--jwt-issuer", "us", "--jwt-audience", "flows"],
  );
  const claims = { tenant: "acme", iss: "us", aud: "flows" };
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const payload = Buffer.from(JSON.stringify({ ...claims, exp: 9e9 })).toString("base64url");
  const refused: readonly (readonly [string | undefined, RegExp])[] = [
    [undefined, /asks for a token/],
    ["nonsense", /not one that this service trusts/],
    [`${none}.${payload}.`, /not one that this service trusts/],
    [await token(claims, "1h", new TextEncoder().encode(`${SECRET}!`)), /trusts/],
    [await token(claims, "-1h"), /has expired/],
    [await token({ ...claims, iss: "them" }), /claim iss/],
    [await token({ ...claims, aud: "others" }), /claim aud/],
    [await token({ iss: "us", aud: "flows" }), /claim tenant must be a text/],
    [await token({ ...claims, tenant: 5 }), /claim tenant must be a text/],
    [
      await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret),
      /claim exp is missing/,
    ],
  ];
  for (const [given, sentence] of refused) {
    const reply = await api(url, given).call("GET", "/");
    expect(reply.body).toMatchObject({
      code: "unauthorized",
      detail: expect.stringMatching(sentence),
    });
    expect([reply.status, reply.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  }
  expect((await api(url, await token(claims)).call("GET", "/")).status).toBe(200);
});

test("tokens are checked with the keys behind an address, and never with a public key as a secret", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" };
  const keys = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => keys.listen(0, "127.0.0.1", resolve));
  const { port } = keys.address() as AddressInfo;
  try {
    const { url } = await service("--jwks-url", `http://127.0.0.1:${port}/jwks.json`);
    const good = await new SignJWT({ tenant: "acme" })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setExpirationTime("1h")
      .sign(privateKey);
    expect((await api(url, good).call("GET", "/")).status).toBe(200);
    const confused = await new SignJWT({ tenant: "acme" })
      .setProtectedHeader({ alg: "HS256", kid: "one" })
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(JSON.stringify(jwk)));
    expect((await api(url, confused).call("GET", "/")).status).toBe(401);
  } finally {
    keys.closeAllConnections();
    await new Promise((resolve) => keys.close(resolve));
  }
});

test("the plain token is the operator's, and /health needs none", async () => {
  const { url } = await service("--token", "s3cret");
  expect((await api(url).call("GET", "/")).status).toBe(401);
  expect((await api(url, "s3cres").call("GET", "/")).status).toBe(401);
  expect((await api(url, "s3cret").call("GET", "/")).status).toBe(200);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
});

test("a name that was bent to this machine and pages of elsewhere are kept out", async () => {
  const { url } = await service(
    ...["--allow-host", "flows.example", "--allow-origin", "https://a.example"],
  );
  const { host } = new URL(url);
  const to = (headers: Record<string, string>) => raw(url + BASE, headers);
  expect(await to({ host: "evil.example" })).toMatchObject({
    status: 403,
    text: expect.stringContaining("forbidden_host"),
  });
  expect((await to({ host: "10.0.0.1" })).status).toBe(403);
  expect((await to({ host: "flows.example" })).status).toBe(200);
  expect(await to({ host, origin: "https://evil.example" })).toMatchObject({
    status: 403,
    text: expect.stringContaining("forbidden_origin"),
  });
  expect((await to({ host, origin: "null" })).status).toBe(403);
  expect((await to({ host, origin: "http://localhost:3000" })).status).toBe(200);
  const preflight = await fetch(url + BASE, {
    method: "OPTIONS",
    headers: { origin: "https://a.example", "access-control-request-method": "POST" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
    204,
    "https://a.example",
  ]);
});

test("a second service on the same data is refused, and the port says so too", async () => {
  const first = await service();
  await expect(startService(first.dir, [])).rejects.toThrow(/Another service works on/);
  const { port } = new URL(first.url);
  await expect(startService(path.join(place.dir, "other"), ["--port", port])).rejects.toThrow(
    `Port ${port} is in use`,
  );
});
