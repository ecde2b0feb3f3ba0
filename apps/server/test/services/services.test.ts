import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { HAS_SERVICES, servicesForTests } from "../support/services/for-tests.ts";
import { startPostgres } from "../support/services/postgres.ts";
import { findPostgres } from "../support/services/programs.ts";
import { startRedis } from "../support/services/redis.ts";
import { startObjectStorage } from "../support/services/s3.ts";

function psql(url: string, statement: string): string {
  const { stdout, stderr } = spawnSync(
    path.join(findPostgres()!, "psql"),
    [url, "-tAqc", statement],
    { encoding: "utf8" },
  );
  return stdout + stderr;
}

async function redis(url: string, command: string): Promise<string> {
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1").setEncoding("utf8");
  socket.write(`${command}\r\n`);
  const [answer] = (await once(socket, "data")) as [string];
  socket.destroy();
  return answer.trim();
}

describe.runIf(HAS_SERVICES)("the services for the tests of more than one machine", () => {
  it("are the same for all who ask in one run", async () => {
    const [one, other] = await Promise.all([servicesForTests(), servicesForTests()]);
    expect(one).toEqual(other);
    expect(psql(one.database, "select 6 * 7")).toBe("42\n");
    expect(await redis(one.queue, "PING")).toBe("+PONG");
    const { status } = await fetch(`${one.s3}/modly-runs`);
    expect(status).toBe(200);
  });

  it("PostgreSQL keeps what it has over a crash, and leaves nothing when it is stopped", async () => {
    const postgres = await startPostgres();
    psql(postgres.url, "create table t (n int); insert into t values (7)");
    await postgres.restart();
    expect(psql(postgres.url, "select n from t")).toBe("7\n");
    const data = psql(postgres.url, "show data_directory").trim();
    expect(existsSync(data)).toBe(true);
    await postgres.stop();
    expect(existsSync(data)).toBe(false);
    expect(psql(postgres.url, "select 1")).toMatch(/refused/);
  });

  it("Redis loses everything when it is restarted", async () => {
    const { url, restart, stop } = await startRedis();
    await redis(url, "SET a b");
    expect(await redis(url, "EXISTS a")).toBe(":1");
    await restart();
    expect(await redis(url, "EXISTS a")).toBe(":0");
    await stop();
  });
});

it("S3 takes one of many that want the same name, and only then", async () => {
  const storage = await startObjectStorage();
  await storage.makeBucket("b");
  const put = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${storage.endpoint}/b/key`, { method: "PUT", body, headers });
  const racing = await Promise.all(
    ["one", "two", "three"].map((body) => put(body, { "if-none-match": "*" })),
  );
  expect(racing.filter(({ ok }) => ok)).toHaveLength(1);
  expect((await put("four")).status).toBe(200);
  expect(await (await fetch(`${storage.endpoint}/b/key`)).text()).toBe("four");
  await storage.stop();
});
