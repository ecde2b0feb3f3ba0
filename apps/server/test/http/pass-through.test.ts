import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { openApp } from "../support/app.ts";
import { sendRaw } from "../support/raw.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Something that stands where Modly would, and notes what reaches it. */
async function upstream() {
  const seen: Seen[] = [];
  const server = http.createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (text: string) => (body += text));
    req.on("end", () => {
      const { method, url, headers } = req;
      seen.push({ method, url, headers, body });
      res.writeHead(201, {
        "content-type": "application/json",
        "access-control-allow-origin": "*",
      });
      res.end('{"reloaded":true}');
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { seen, close, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const modly = (url: string, passThrough = true) => ({
  url,
  token: "modly's own",
  times: { away: 1000, quiet: 0 },
  passThrough,
  maxMeshBytes: 1024 ** 2,
});

test("what is Modly's own goes through to it, with its token and without ours", async () => {
  const behind = await upstream();
  const app = await openApp({ modly: modly(behind.url), token: "ours" });
  const answer = await app
    .api()
    .post("/settings/hf-token?x=1")
    .set({ "X-Modly-Token": "ours", Cookie: "a=b" })
    .send({ token: "hf" })
    .expect(201);
  expect(answer.body).toEqual({ reloaded: true });
  expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  expect(behind.seen).toEqual([
    expect.objectContaining({
      method: "POST",
      url: "/settings/hf-token?x=1",
      body: '{"token":"hf"}',
    }),
  ]);
  const [{ headers }] = behind.seen as [Seen];
  expect(headers.authorization).toBe("Bearer modly's own");
  expect(headers).not.toHaveProperty("x-modly-token");
  expect(headers).not.toHaveProperty("cookie");
});

test("nothing goes through without the token, for a route that is ours, or when it is turned off", async () => {
  const behind = await upstream();
  const app = await openApp({ modly: modly(behind.url), token: "ours" });
  await app.api().get("/extensions/errors").expect(401);
  for (const path of ["/generate/status/x", "/model/all", "/nowhere", "/extensions"])
    await app.api().get(path).set("X-Modly-Token", "ours");
  const off = await openApp({ modly: modly(behind.url, false) });
  const { body } = await off.api().get("/extensions/errors").expect(404);
  expect(body).toMatchObject({ detail: expect.stringMatching(/Modly's own.*--modly-url/) });
  expect(behind.seen).toEqual([]);
});

test("dots in a path lead nowhere else", async () => {
  const behind = await upstream();
  const app = await openApp({ modly: modly(behind.url) });
  await sendRaw(
    app.url,
    "POST /extensions/../generate/cancel/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
  expect(behind.seen.map(({ url }) => url)).toEqual(["/extensions/../generate/cancel/1"]);
});

test("a Modly that is away is a 503 with a sentence", async () => {
  const behind = await upstream();
  behind.close();
  const app = await openApp({ modly: modly(behind.url) });
  const { body } = await app.api().post("/model/switch?model_id=a").expect(503);
  expect(body).toMatchObject({
    code: "modly_away",
    detail: expect.stringMatching(/does not answer/),
  });
});

test("a preflight of an allowed origin may come from the web into the house", async () => {
  const app = await openApp({ allowedOrigins: ["https://three.ws"] });
  const ask = (origin: string) =>
    app.api().options("/model/all").set({
      Origin: origin,
      "Access-Control-Request-Method": "GET",
      "Access-Control-Request-Private-Network": "true",
    });
  const allowed = await ask("https://three.ws");
  expect(allowed.headers["access-control-allow-private-network"]).toBe("true");
  const other = await ask("https://elsewhere.example");
  expect(other.headers).not.toHaveProperty("access-control-allow-private-network");
});
