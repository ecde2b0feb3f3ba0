import { describe, expect, it } from "vitest";

import { type Config, readConfig } from "../src/config.ts";
import { helpText, SETTINGS, variableOf } from "../src/settings.ts";

function config(args: string[], env: NodeJS.ProcessEnv = {}): Config {
  const read = readConfig(args, env);
  if (read.kind !== "config") throw new Error(JSON.stringify(read));
  return read.config;
}

describe("settings", () => {
  it("work without any", () => {
    expect(config([])).toMatchObject({
      ...{ host: "127.0.0.1", port: 8765, token: null, modly: null, testModels: false },
      limits: { maxImageBytes: 64 * 1024 ** 2, maxPixels: 1e8, maxPending: 1000, maxUploads: 32 },
    });
  });

  it("come from a flag, else from a variable", () => {
    const env = { MODLY_RUNS_PORT: "1", MODLY_RUNS_WORKERS: "3", MODLY_RUNS_TEST_MODELS: "0" };
    expect(config(["--port", "2"], env)).toMatchObject({ port: 2, workers: 3, testModels: false });
    expect(
      config([], { MODLY_RUNS_ALLOW_ORIGIN: "https://a.example,https://b.example" }),
    ).toMatchObject({
      allowedOrigins: ["https://a.example", "https://b.example"],
    });
  });

  it("are all in --help, with their standard", () => {
    const text = helpText({});
    for (const name of Object.keys(SETTINGS)) expect(text).toContain(`--${name}`);
    expect(text).toContain("(default: 8765)");
    expect(readConfig(["--help"], {})).toEqual({ kind: "help" });
  });

  it("have variables of one form", () => {
    expect(variableOf("max-pending")).toBe("MODLY_RUNS_MAX_PENDING");
  });

  it.each([
    [["--nope"], /nope.*--help/],
    [["--port", "x"], /--port must be a number from 0 to 65535/],
    [["--port", "70000"], /--port must be a number from 0 to 65535/],
    [["--workers", "1.5"], /--workers must be a number/],
    [["--log-level", "loud"], /--log-level must be one of debug/],
    [["--modly-url", "ftp://x"], /--modly-url must be an http address/],
    [["--host", "0.0.0.0"], /needs a token: set MODLY_RUNS_TOKEN/],
    [["--token", " "], /--token must not be empty/],
    [["extra"], /extra/],
    [["--role", "boss"], /--role must be one of all, api, worker/],
    [["--role", "api"], /--role api is for one of several nodes: set --database-url/],
    [["--queue-url", "redis://a"], /--queue-url is for several nodes: set --database-url/],
    [["--files-url", "/shared"], /--files-url is for several nodes: set --database-url/],
    [["--database-url", "mysql://a/b"], /--database-url must be the address of a PostgreSQL/],
    [
      ["--database-url", "postgres://a/b", "--queue-url", "amqp://a"],
      /--queue-url must be the address of a Redis, a Valkey or a PostgreSQL/,
    ],
    [
      ["--files-url", "ftp://a/b"],
      /--files-url must be a directory that all nodes share, or a bucket/,
    ],
    [["--files-url", "s3://Bucket_"], /--files-url must name a bucket, such as/],
    [["--files-url", "s3://bucket?timeout=x"], /--files-url must have a time such as 5s/],
    [
      ["--role", "worker", "--database-url", "postgres://a/b"],
      /--role worker needs --files-url: the others must find the same/,
    ],
  ])("%j is refused with a sentence", (args, why) => {
    const read = readConfig(args, {});
    expect(read.kind).toBe("refused");
    expect(read.kind === "refused" && read.why).toMatch(why);
  });

  it.each([
    ["off", false],
    ["n", false],
    ["No", false],
    ["disabled", false],
    ["", false],
    ["on", true],
    ["Y", true],
    ["enabled", true],
    ["1", true],
  ])("a switch that says %j is what a person means", (text, on) => {
    expect(config([], { MODLY_RUNS_TEST_MODELS: text }).testModels).toBe(on);
  });

  it("may name no origin at all", () => {
    expect(config([], { MODLY_RUNS_ALLOW_ORIGIN: " " }).allowedOrigins).toEqual([]);
  });

  it.each([
    ["MODLY_RUNS_INSECURE_NO_TOKEN", "maybe", /--insecure-no-token must be on or off/],
    ["MODLY_RUNS_PORT", "", /--port must be a number/],
    ["MODLY_RUNS_PORT", "0x10", /--port must be a number/],
    ["MODLY_RUNS_WORKERS", "1e1", /--workers must be a number/],
    ["MODLY_RUNS_TOKEN", "", /--token must not be empty/],
    ["MODLY_RUNS_TOKEN", "pässword", /--token must be .*sent in a header/],
    ["MODLY_RUNS_TOKEN", "two words", /--token must be .*without spaces/],
    ["MODLY_RUNS_TOKEN", "a\nb", /--token must be .*sent in a header/],
    ["MODLY_RUNS_MODLY_TOKEN", "\u0000", /--modly-token must be/],
    ["MODLY_RUNS_ALLOW_ORIGIN", "https://its.origin/", /--allow-origin must be an origin/],
    ["MODLY_RUNS_ALLOW_ORIGIN", "*", /--allow-origin must be an origin/],
    ["MODLY_RUNS_ALLOW_HOST", "runs.example:80", /--allow-host must be a host name alone/],
    ["MODLY_RUNS_DATA_DIR", " ", /--data-dir must not be empty/],
  ])("%s=%j is refused with a sentence", (name, text, why) => {
    const read = readConfig([], { [name]: text });
    expect(read.kind === "refused" && read.why).toMatch(why);
  });

  it("let nodes meet: the queue is where the runs are, unless it is said otherwise", () => {
    expect(config([])).toMatchObject({ role: "all", shared: null });
    const databaseUrl = "postgres://a/b";
    expect(config(["--database-url", databaseUrl])).toMatchObject({
      role: "all",
      shared: { databaseUrl, queueUrl: databaseUrl, filesUrl: null },
    });
    const args = ["--queue-url", "redis://c", "--files-url", "/shared", "--role", "api"];
    expect(config([...args, "--database-url", databaseUrl])).toMatchObject({
      role: "api",
      shared: { databaseUrl, queueUrl: "redis://c", filesUrl: "/shared" },
    });
  });

  it("let others in only with a token, or with a flag that insists", () => {
    expect(config(["--host", "0.0.0.0", "--token", "t"]).token).toBe("t");
    expect(config(["--host", "0.0.0.0", "--insecure-no-token"]).token).toBeNull();
    expect(config(["--host", "::1"]).token).toBeNull();
  });
});
