import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { chosenIds, collect } from "@modly-runs/conformance";
import { afterEach, beforeEach, expect, test } from "vitest";

import { type Server, startServer } from "../server.ts";
import { type StandIn, startStandIn } from "../stand-in/start.ts";
import { HABITS, RACES, SEEN } from "./expected.ts";
import { behindUs } from "./targets.ts";

let directory: string;
let standIn: StandIn;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "modly-conformance-"));
  standIn = await startStandIn({ directory, bugs: "all" });
  const data = path.join(directory, "data");
  server = await startServer({ "data-dir": data, "modly-url": standIn.url });
});
afterEach(async () => {
  await server.kill();
  await standIn.kill();
  await rm(directory, { recursive: true, force: true });
});

test("in front of a Modly with all its bugs the core is clean, and none of it is blocked", async () => {
  const { verdicts, situations } = await collect({ base_url: server.url, ...behindUs });
  const odd = verdicts.filter(({ status }) => !["pass", "note", "n/a"].includes(status));
  expect(odd).toEqual([]);
  expect(verdicts).toHaveLength(chosenIds({}).length);
  expect(Object.keys(situations).toSorted()).toEqual(
    Object.keys(behindUs.situations ?? {}).toSorted(),
  );
  // What the page's table says of each of its rows.
  const inTable = new Set(
    Object.keys(Object.assign({}, HABITS, RACES, ...Object.values(SEEN)) as object),
  );
  const rows = verdicts.filter(({ id }) => inTable.has(id));
  expect(rows.filter(({ status }) => status !== "pass")).toEqual([]);
  expect(standIn.submissions().map(({ route }) => route)).not.toContain("workflow-runs");
}, 240_000);
