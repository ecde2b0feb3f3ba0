import { describe, expect, test } from "vitest";

import { appForAll } from "../support/app.ts";
import { expectProblem, get, sendRaw } from "../support/raw.ts";

const plain = appForAll();

describe("Host", () => {
  const named = appForAll({ allowedHosts: ["Modly.Example"] });
  const reachable = appForAll({ host: "0.0.0.0", token: "t" });

  test.each<[host: string, status: number, to?: typeof plain]>([
    ["127.0.0.1", 200],
    ["127.0.0.1:8765", 200],
    ["127.3.2.1", 200],
    ["localhost", 200],
    ["LOCALHOST:1", 200],
    ["modly.localhost", 200],
    ["[::1]:8765", 200],
    ["evil.example", 403],
    ["localhost.evil.example", 403],
    ["127.0.0.1.evil.example", 403],
    ["127.0.0.1.", 200],
    ["localhost@evil.example", 403],
    ["192.168.1.5", 403],
    ["[::ffff:192.168.1.5]", 403],
    ["0.0.0.0", 403],
    ["", 403],
    ["a b", 403],
    ["modly.example", 200, named],
    ["MODLY.example:80", 200, named],
    ["other.example", 403, named],
    ["192.168.1.5:8765", 200, reachable],
    ["[fe80::1]", 200, reachable],
    ["evil.example", 403, reachable],
  ])("%j gets %i", async (host, status, to = plain) => {
    const url = to().url.replace("0.0.0.0", "127.0.0.1");
    const answer = await sendRaw(url, get("/health", { Host: host }));
    expect(answer.status).toBe(status);
    if (status === 403) expect(expectProblem(answer).code).toBe("forbidden_host");
  });
});

describe("Origin", () => {
  const allowedOrigins = ["https://three.ws"];
  const open = appForAll({ allowedOrigins });
  const closed = appForAll({ allowedOrigins, token: "secret" });

  test.each<[origin: string, status: number]>([
    ["http://localhost:5173", 200],
    ["http://127.0.0.1", 200],
    ["https://three.ws", 200],
    ["http://three.ws", 403],
    ["https://three.ws.evil.example", 403],
    ["https://evil.example", 403],
    ["http://localhost.evil.example", 403],
    ["null", 403],
    ["file://", 403],
    ["garbage", 403],
    ["", 403],
  ])("%j gets %i, for reading and for creating", async (origin, status) => {
    const app = open();
    const read = await app.api().get("/model/all").set("Origin", origin);
    const created = await app.post({ headers: { Origin: origin } });
    expect([read.status, created.status]).toEqual([status, status]);
    if (status === 403) {
      expect(expectProblem(read).code).toBe("forbidden_origin");
      await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
    }
  });

  test("a preflight lets pages of configured origins send what clients need", async () => {
    const app = closed();
    const preflight = (origin: string) =>
      app
        .api()
        .options("/workflow-runs/from-image")
        .set({ Origin: origin, "Access-Control-Request-Method": "POST" });
    const ours = await preflight("https://three.ws").expect(204);
    expect(ours.headers["access-control-allow-origin"]).toBe("https://three.ws");
    const headers = ours.headers["access-control-allow-headers"]!.toLowerCase().split(",");
    expect(headers).toEqual(
      expect.arrayContaining([
        "idempotency-key",
        "if-none-match",
        "prefer",
        "last-event-id",
        "authorization",
        "x-modly-token",
      ]),
    );
    const foreign = await preflight("https://evil.example");
    expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("a page may read the headers it needs, also of a refusal", async () => {
    const app = open();
    for (const path of ["/health", "/workflow-runs/nobody"]) {
      const { headers } = await app.api().get(path).set("Origin", "https://three.ws");
      expect(headers["access-control-allow-origin"]).toBe("https://three.ws");
      expect(headers["vary"]).toMatch(/Origin/);
      expect(headers["access-control-expose-headers"]?.split(",")).toEqual([
        "ETag",
        "Location",
        "Retry-After",
        "Preference-Applied",
      ]);
    }
  });
});

describe("token", () => {
  const token = "a secret token";
  const shared = appForAll({ token });

  test.each<[what: string, headers: Record<string, string>, status: number]>([
    ["none", {}, 401],
    ["a wrong one", { "X-Modly-Token": "wrong" }, 401],
    ["a beginning of it", { "X-Modly-Token": "a secret toke" }, 401],
    ["more than it", { "X-Modly-Token": "a secret token2" }, 401],
    ["an empty one", { "X-Modly-Token": "" }, 401],
    ["an empty bearer", { Authorization: "Bearer " }, 401],
    ["another scheme", { Authorization: `Basic ${token}` }, 401],
    ["the token as bearer", { Authorization: `Bearer ${token}` }, 200],
    ["in small letters", { Authorization: `bearer ${token}` }, 200],
    ["the token as Modly's header", { "X-Modly-Token": token }, 200],
    ["beside a proxy's own", { Authorization: "Basic x", "X-Modly-Token": token }, 200],
  ])("%s", async (_what, headers, status) => {
    const app = shared();
    for (const path of ["/model/all", "/model/status"]) {
      const answer = await app.api().get(path).set(headers);
      expect(answer.status).toBe(status);
      if (status !== 401) continue;
      expect(expectProblem(answer).code).toBe("unauthorized");
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
      expect(answer.text).not.toContain("secret");
    }
  });

  test("nothing but /health is open without it", async () => {
    const app = shared();
    const id = await app.create();
    const run = await app.ended(id);
    const answers = await Promise.all([
      app.api().get(`/workflow-runs/${id}`),
      app.api().get(`/workflow-runs/${id}`).set("Accept", "text/event-stream"),
      app.api().post(`/workflow-runs/${id}/cancel`),
      app.api().post("/workflow-runs/from-image"),
      app.api().get(run.output_url!),
      app.api().get("/nowhere"),
      app.api().get("/HEALTH"),
      app.api().get("/health/"),
    ]);
    for (const answer of answers) expect(expectProblem(answer).code).toBe("unauthorized");
    const mesh = await app.api().get(run.output_url!).set("X-Modly-Token", token);
    expect(mesh.status).toBe(200);
  });

  test("/health is open and short, and says more to who has it", async () => {
    const app = shared();
    const open = await app.api().get("/health").expect(200);
    expect(open.body).toEqual({ status: "ok", version: "1.0.0", workflow_runs: "1.0" });
    const wrong = await app.api().get("/health").set("X-Modly-Token", "wrong").expect(200);
    expect(wrong.body).toEqual(open.body);
    const trusted = await app.api().get("/health").set("X-Modly-Token", token).expect(200);
    expect(trusted.body).toMatchObject({ ...open.body, models: expect.anything() });
    expect(trusted.text).not.toContain(app.dataDir);
  });
});

test("every answer carries the security headers and names no software", async () => {
  const app = plain();
  for (const path of ["/health", "/nowhere", "/workflow-runs/%00"]) {
    const { headers } = await app.api().get(path);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "SAMEORIGIN",
      "referrer-policy": "no-referrer",
    });
    expect(headers["content-security-policy"]).toMatch(/default-src/);
    expect(headers["x-powered-by"]).toBeUndefined();
    expect(headers["server"]).toBeUndefined();
  }
});
