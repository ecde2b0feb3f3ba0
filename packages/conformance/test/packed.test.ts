import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import manifest from "../package.json" with { type: "json" };
import { action, type Job, play, playStep } from "./action/runner.ts";
import { execute } from "./command.ts";
import { type Reference, startReference } from "./reference/index.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const witness = fileURLToPath(new URL("../witness/server.py", import.meta.url));

let reference: Reference;
let temp: string;
let suite: string;

// The action's first step packs the suite, as everybody without a registry does.
beforeAll(async () => {
  reference = await startReference();
  temp = await mkdtemp(join(tmpdir(), "conformance-packed-"));
  suite = join(temp, "conformance");
  const [first] = action.runs.steps;
  if (first === undefined) throw new Error("the action has no steps");
  const job = { folder: root, temp, inputs: {}, github: {}, env: {} };
  const packed = await playStep(first, job, {});
  if (packed.code !== 0) throw new Error(`packing failed: ${packed.out}${packed.err}`);
}, 180_000);

afterAll(async () => {
  await reference.close();
  await rm(temp, { recursive: true, force: true });
});

test("one command puts the suite into an empty folder, where it checks a server through npx", async () => {
  expect((await readdir(suite)).filter((file) => file.endsWith(".tgz"))).toHaveLength(1);
  const command = ["--no-install", "modly-runs-conformance"];
  const chosen = ["--model", "ref/fast", "--only", "CRE-01,GET,LIF,OUT,WIRE"];
  const run = await execute("npx", [...command, "run", "--url", reference.url, ...chosen], suite);
  expect(run.err).not.toContain("Error");
  expect(run).toMatchObject({ code: 0 });
  expect(run.out).toContain("keeps the contract");
  const explained = await execute("npx", [...command, "explain", "CAN-15"], suite);
  expect(explained.out).toContain("CAN-15 (MUST)");
});

test("packing leaves the checkout and what lies beside it as they were", async () => {
  const beside = join(root, "..", tmpdir());
  const strayed = existsSync(beside) ? await readdir(beside) : [];
  expect(strayed.filter((name) => name.startsWith("pack-conformance-"))).toEqual([]);
  const contract = await readFile(join(root, "packages/contract/package.json"), "utf8");
  expect(contract).toContain('"zod": "catalog:"');
});

test("the suite needs few packages beside the contract", () => {
  const needed = Object.keys(manifest.dependencies).filter(
    (name) => name !== "@modly-runs/contract",
  );
  expect(needed).toEqual(["ajv", "commander", "fast-check", "yaml"]);
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A repository of a server, with a commit for each of its texts. */
async function history(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const git = async (...args: string[]) => {
    const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
    const { code, out, err } = await execute("git", [...who, ...args], folder);
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${err}`);
    return out.trim();
  };
  await mkdir(folder);
  await git("init", "--quiet");
  const commits: string[] = [];
  for (const text of texts) {
    await writeFile(join(folder, "server.py"), text);
    await git("add", "server.py");
    await git("commit", "--quiet", "-m", "A change");
    commits.push(await git("rev-parse", "HEAD"));
  }
  return commits;
}

/** What GitHub's API was asked, and the comments it has. */
interface Api {
  url: string;
  comments: { id: number; body: string }[];
  close: () => void;
}

async function startApi(): Promise<Api> {
  const comments: Api["comments"] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const whole = Buffer.concat(chunks).toString();
      const { body = "" } = (whole === "" ? {} : JSON.parse(whole)) as { body?: string };
      const route = `${request.method} ${request.url?.split("?")[0]}`;
      if (request.headers.authorization !== "Bearer secret") response.statusCode = 403;
      else if (route === "POST /repos/somebody/server/issues/7/comments")
        comments.push({ id: comments.length + 1, body });
      else if (route === "PATCH /repos/somebody/server/issues/comments/1")
        comments.splice(0, 1, { id: 1, body });
      else if (route !== "GET /repos/somebody/server/issues/7/comments") response.statusCode = 404;
      response.end(JSON.stringify(comments));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, comments, close: () => server.close() };
}

describe("the action that compares a change", () => {
  let api: Api;
  let job: Job;
  let base: string;

  beforeAll(async () => {
    api = await startApi();
    const right = await readFile(witness, "utf8");
    const wrong = (before: string, after: string) => {
      if (!right.includes(before)) throw new Error(`the witness has no ${before}`);
      return right.replace(before, after);
    };
    const folder = join(temp, "server");
    [base = ""] = await history(folder, [
      wrong("progress=100, step", "progress=99, step"),
      wrong('Refused(404, "There is no such run.', 'Refused(400, "There is no such run.'),
    ]);
    const port = await freePort();
    job = {
      folder,
      temp,
      inputs: {
        start: `python3 server.py --port ${port}`,
        url: `http://127.0.0.1:${port}`,
        arguments: "--model 'witness/flat' --only GET-09,GET-17",
        comment: "true",
        token: "secret",
      },
      github: { event: { pull_request: { number: 7, base: { sha: base } } } },
      env: { GITHUB_API_URL: api.url, GITHUB_REPOSITORY: "somebody/server" },
    };
  });

  afterAll(() => {
    api.close();
  });

  test("says what it mends and breaks, in the summary, the outputs and one comment", async () => {
    const { steps, outputs, summary } = await play(job, ["Get the suite"]);
    expect(steps["Check the base"]).toMatchObject({ code: 0 });
    expect(steps["Check the change"]).toMatchObject({ code: 0 });
    expect(steps["Comment"]).toMatchObject({ code: 0, out: "" });
    expect(summary).toContain("This change mends 1 and breaks 1.");
    expect(outputs).toMatchObject({ mends: "GET-09", breaks: "GET-17", "exit-code": "1" });
    expect(steps["Decide"]).toMatchObject({ code: 1 });
    expect(api.comments).toHaveLength(1);
    expect(api.comments[0]?.body).toContain("mends 1 and breaks 1");
    for (const file of ["comparison.md", "base.html", "head.json", "head.log"])
      expect(await readdir(join(temp, "reports"))).toContain(file);
  });

  test("goes well where nothing gets worse, and replaces its comment", async () => {
    const same = { ...job.inputs, base: "HEAD", arguments: "--model witness/flat --only GET-17" };
    const { steps, outputs, summary } = await play({ ...job, inputs: same }, ["Get the suite"]);
    expect(summary).toContain("mends 0 and breaks 0 (1 stays broken)");
    expect(outputs).toMatchObject({ mends: "", breaks: "", "exit-code": "0" });
    expect(steps["Decide"]).toMatchObject({ code: 0 });
    expect(api.comments).toHaveLength(1);
    expect(api.comments[0]?.body).toContain("mends 0 and breaks 0");
  });

  test("tells the last words of a server that does not start", async () => {
    const broken = { ...job.inputs, base: "HEAD", comment: "false", start: "echo no such model" };
    const { steps, outputs, summary } = await play({ ...job, inputs: broken }, ["Get the suite"]);
    expect(steps["Check the change"]?.out).toContain("no such model");
    expect(summary).toContain("The change could not be checked: Nothing listens at");
    expect(outputs["exit-code"]).toBe("3");
    expect(steps["Decide"]).toMatchObject({ code: 3 });
  });
});
