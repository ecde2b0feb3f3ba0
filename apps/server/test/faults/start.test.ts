import { createHash } from "node:crypto";
import { mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

import Database from "libsql";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";

import { type Config, readConfig } from "../../src/config.ts";
import { CannotStart } from "../../src/cannot-start.ts";
import { startServer } from "../../src/server.ts";
import { openApp, scratch } from "../support/app.ts";
import { runServerProcess, startServerProcess } from "../support/server-process.ts";

const log = pino({ level: "silent" });

function configOf(dataDir: string, ...flags: string[]): Config {
  const read = readConfig([`--data-dir=${dataDir}`, "--port=0", ...flags], {});
  if (read.kind !== "config") throw new Error(JSON.stringify(read));
  return read.config;
}

/** Why a server does not start here; it must be a sentence. */
async function refusalOf(config: Config): Promise<string> {
  const cause = await startServer(config, log, []).then(
    async (server) => {
      await server.stop();
      return undefined;
    },
    (error: unknown) => error,
  );
  expect(cause).toBeInstanceOf(CannotStart);
  const { message } = cause as CannotStart;
  expect(message).toMatch(/^[A-Z].*\.$/);
  expect(message).not.toMatch(/\bat \w+.*:\d+/);
  return message;
}

const digestOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** A data directory in which a server has worked. */
async function usedDataDir(runs = 12): Promise<{ dataDir: string; file: string }> {
  const dataDir = await scratch();
  const app = await openApp({ dataDir });
  for (let count = 0; count < runs; count++) await app.create({ collection: `c${count}` });
  await app.stop();
  const file = path.join(dataDir, "runs.db");
  const db = new Database(file);
  db.pragma("wal_checkpoint(truncate)");
  db.close();
  return { dataDir, file };
}

test("a file that is no store is refused and left as it is", async () => {
  const dataDir = await scratch();
  const file = path.join(dataDir, "runs.db");
  writeFileSync(file, "These are somebody's notes, not runs. ".repeat(200));
  const before = digestOf(file);
  expect(await refusalOf(configOf(dataDir))).toMatch(/The store .*runs\.db can't be used/);
  expect(digestOf(file)).toBe(before);
});

test.each([
  ["of a later version", 99, "runs"],
  ["of another program", 0, "somebody_elses"],
])("a store %s is refused and left as it is", async (_what, version, table) => {
  const dataDir = await scratch();
  const file = path.join(dataDir, "runs.db");
  const db = new Database(file);
  db.exec(`create table ${table} (x); pragma user_version = ${version}`);
  db.close();
  const before = digestOf(file);
  expect(await refusalOf(configOf(dataDir))).toMatch(/can't be used: .*(?:version|program)/);
  expect(digestOf(file)).toBe(before);
});

test("a store with a broken page is refused and left as it is", async () => {
  const { dataDir, file } = await usedDataDir();
  const size = readFileSync(file).length;
  const handle = openSync(file, "r+");
  for (let at = 4096; at < size; at += 4096) writeSync(handle, Buffer.alloc(512, 0xab), 0, 512, at);
  const before = digestOf(file);
  expect(await refusalOf(configOf(dataDir))).toMatch(/can't be used/);
  expect(digestOf(file)).toBe(before);
});

test("a store that was cut short is refused", async () => {
  const { dataDir, file } = await usedDataDir();
  writeFileSync(file, readFileSync(file).subarray(0, 5000));
  expect(await refusalOf(configOf(dataDir))).toMatch(/can't be used/);
});

test("a data directory that another server works on is left to it", async () => {
  const dataDir = await scratch();
  const first = await startServerProcess({ dataDir, args: ["--test-models"] });
  onTestFinished(async () => void (await first.kill()));
  const second = await runServerProcess({ dataDir });
  expect(second).toMatchObject({ code: 1, signal: null });
  expect(second.stderr).toMatch(/^modly-runs-server: Another server works on .*\.\n$/);
  expect((await fetch(`${first.url}/health`)).status).toBe(200);
  await first.kill("SIGKILL");
  // The lock goes with its holder, however that ended.
  const third = await startServerProcess({ dataDir, args: ["--test-models"] });
  expect(await third.kill("SIGTERM")).toEqual({ code: 0, signal: null });
});

test("a port in use, and directories that can't be made, are said in a sentence", async () => {
  const taken = createServer();
  onTestFinished(() => void taken.close());
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  const port = typeof address === "object" && address ? address.port : 0;
  expect(await refusalOf(configOf(await scratch(), `--port=${port}`))).toMatch(/in use/);

  const dataDir = await scratch();
  writeFileSync(path.join(dataDir, "file"), "");
  expect(await refusalOf(configOf(path.join(dataDir, "file")))).toMatch(/can't be made/);
  const meshes = `--workspace-dir=${path.join(dataDir, "file", "below")}`;
  expect(await refusalOf(configOf(await scratch(), meshes))).toMatch(/can't be made/);
  const dangling = await scratch();
  symlinkSync("/nowhere/at/all", path.join(dangling, "uploads"));
  expect(await refusalOf(configOf(dangling))).toMatch(/can't be made/);
});

test("a start that fails lets go of everything", async () => {
  const dataDir = await scratch();
  mkdirSync(path.join(dataDir, "runs.db"));
  await refusalOf(configOf(dataDir));
  const other = await scratch();
  writeFileSync(path.join(other, "tmp"), "a file, not a directory");
  await refusalOf(configOf(other));
  await refusalOf(configOf(other));
  expect(await refusalOf(configOf(other))).not.toMatch(/Another server/);
});

test.each([
  ["--host=0.0.0.0", /needs a token/],
  ["--host=192.168.1.5", /needs a token/],
  ["--host=::", /needs a token/],
])("%s without a token is refused", (flag, why) => {
  const read = readConfig([flag], {});
  expect(read).toMatchObject({ kind: "refused", why: expect.stringMatching(why) });
  expect(readConfig([flag, "--insecure-no-token"], {}).kind).toBe("config");
  expect(readConfig([flag], { MODLY_RUNS_TOKEN: "secret" }).kind).toBe("config");
  expect(readConfig([flag], { MODLY_RUNS_TOKEN: " " }).kind).toBe("refused");
});

test("the process itself refuses to listen to others without a token", async () => {
  const refused = await runServerProcess({ dataDir: await scratch(), args: ["--host=0.0.0.0"] });
  expect(refused).toMatchObject({ code: 2, signal: null });
  expect(refused.stderr).toMatch(/^modly-runs-server: --host 0\.0\.0\.0 .*MODLY_RUNS_TOKEN/);
});

test("a store that another program holds is waited for a while, then left to it", async () => {
  const { dataDir, file } = await usedDataDir(1);
  const other = new Database(file);
  onTestFinished(() => void other.close());
  other.exec("begin immediate");
  expect(await refusalOf(configOf(dataDir))).toMatch(/can't be used: .*locked/);
  other.exec("rollback");
  const server = await startServer(configOf(dataDir), log, []);
  await server.stop();
});
