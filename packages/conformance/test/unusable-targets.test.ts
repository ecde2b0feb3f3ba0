import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";

import { collect } from "../src/index.ts";
import { resultOf } from "../src/reports/index.ts";
import { doctor } from "../src/commands/doctor.ts";
import { conformance } from "./command.ts";
import { type Behaviour, correct } from "./reference/behaviour.ts";
import { REFERENCE_TARGET, startReference } from "./reference/index.ts";
import { change, count } from "./reference/lab.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function listen(server: net.Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a target that can't be checked gives exit 3 and a sentence", () => {
  const stack = /^\s+at .+:\d+/m;

  test("nothing listens there", async () => {
    const server = net.createServer();
    const url = await listen(server);
    server.close();
    const { code, out, err } = await conformance("run", "--url", url);
    expect(code).toBe(3);
    expect(out + err).toContain(`Nothing listens at ${url}`);
    expect(out + err).not.toMatch(stack);
  });

  test("it accepts connections and never answers", async () => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => sockets.add(socket));
    open.push({ close: () => (sockets.forEach((socket) => socket.destroy()), server.close()) });
    const { code, out, err } = await conformance("run", "--url", await listen(server));
    expect(code).toBe(3);
    expect(out + err).toContain("did not answer within 8 s");
    expect(out + err).not.toMatch(stack);
  });

  for (const status of [200, 404]) {
    test(`it answers HTML with ${status}`, async () => {
      const server = http.createServer((request, response) => {
        request.resume();
        response
          .writeHead(status, { "Content-Type": "text/html" })
          .end("<!doctype html><h1>Hello</h1>");
      });
      open.push({ close: () => server.close() });
      const { code, out, err } = await conformance("run", "--url", await listen(server));
      expect(code).toBe(3);
      expect(out + err).toContain("has no POST /workflow-runs/from-image");
      expect(out + err).not.toMatch(stack);
    });
  }

  test("it speaks something else than HTTP", async () => {
    const server = net.createServer((socket) =>
      socket.on("error", () => {}).end("SSH-2.0-test\r\n"),
    );
    open.push({ close: () => server.close() });
    const { code, out, err } = await conformance("run", "--url", await listen(server));
    expect(code).toBe(3);
    expect(out + err).toContain("does not answer in HTTP");
  });

  for (const url of ["not a url", "ftp://127.0.0.1/", "http://no-such-host.invalid"]) {
    test(`the URL is ${url}`, async () => {
      const { code, out, err } = await conformance("run", "--url", url);
      expect(code).toBe(3);
      expect(out + err).not.toMatch(stack);
    });
  }
});

describe("a plain run that is not done", () => {
  const fast = REFERENCE_TARGET.situations.succeeds.model_id;
  const judged = async (publish: Behaviour["publish"]) => {
    const server = await startReference({
      publish: (lab, run) =>
        run.model.id === fast ? publish(lab, run) : correct.publish(lab, run),
    });
    open.push(server);
    const target = { ...REFERENCE_TARGET, base_url: server.url };
    const outcome = await collect(target, { only: ["CRE-01", "LIF-06", "LIF-17"] });
    const failed = outcome.verdicts.filter(({ status }) => status === "fail").map(({ id }) => id);
    return { failed, code: resultOf(outcome, { target, set: "core" }).exit_code };
  };

  test("is a failure if it ends cancelled, for nobody cancelled it", async () => {
    const found = await judged((_lab, run) => change(run, { status: "cancelled" }));
    expect(found).toEqual({ failed: ["LIF-06"], code: 1 });
  });

  test("is a failure if the next one is done", async () => {
    const found = await judged((lab, run) =>
      count(lab, "plain") === 1 ? correct.fail(lab, run) : correct.publish(lab, run),
    );
    expect(found).toEqual({ failed: ["LIF-17"], code: 1 });
  });

  test("may be a matter of the configuration if none is ever done: nothing is judged", async () => {
    const found = await judged((lab, run) => correct.fail(lab, run));
    expect(found).toEqual({ failed: [], code: 3 });
  });
});

test("a target that dies half-way is never green, and says so", async () => {
  const reference = await startReference();
  let creates = 0;
  const proxy = http.createServer((request, response) => {
    if (request.method === "POST") creates += 1;
    if (creates > 30) {
      proxy.closeAllConnections();
      proxy.close();
      return;
    }
    const { hostname, port } = new URL(reference.url);
    const onward = http.request(
      { hostname, port, method: request.method, path: request.url, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    response.on("error", () => onward.destroy());
    request.pipe(onward);
  });
  open.push(reference);
  const target = { ...REFERENCE_TARGET, base_url: await listen(proxy) };
  const outcome = await collect(target);
  const result = resultOf(outcome, { target, set: "core" });
  expect(result.exit_code).not.toBe(0);
  expect(result.counts.blocked).toBeGreaterThan(20);
  expect(result.counts["harness-error"]).toBe(0);
  expect(outcome.verdicts.some(({ reason }) => reason?.includes("stopped answering"))).toBe(true);
});

test("doctor tells once that a model is missing, and of the rest that it is for the same reason", async () => {
  const server = await startReference();
  open.push(server);
  const succeeds = { model_id: "no/such-model" };
  const { out = "", code } = await doctor({ base_url: server.url, situations: { succeeds } });
  expect(code).toBe(2);
  expect(out.split("Unknown model ID").length - 1).toBe(1);
  expect(out.split("for the same reason").length - 1).toBe(3);
});

test("what a mesh that can't be fetched leaves untold says so, with the answer", async () => {
  const server = await startReference({
    file: () => ({ status: 404, headers: {}, body: null }),
  });
  open.push(server);
  const target = { ...REFERENCE_TARGET, base_url: server.url };
  const situations = { ...target.situations, fingerprint: { model_id: "ref/fast" } };
  const { verdicts } = await collect({ ...target, situations }, { only: ["OUT-10"] });
  expect(verdicts).toHaveLength(1);
  expect(verdicts[0]?.status).toBe("blocked");
  expect(verdicts[0]?.reason).toMatch(/mesh at \/workspace\/.+ was not fetched.+404/);
});
