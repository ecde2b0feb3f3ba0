import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { type CheckId, collect, type Status, type TargetConfig } from "@modly-runs/conformance";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Bug } from "../stand-in/bugs.ts";
import { type StandIn, startStandIn } from "../stand-in/start.ts";
import { HABITS, QUIET, RACES, SEEN, STRIKING } from "./expected.ts";
import { conformanceTable } from "./table.ts";
import { ownRoutes, ownRoutesWithTwoModels } from "./targets.ts";

const PAGE = fileURLToPath(new URL("../../../../../docs/in-front-of-modly.md", import.meta.url));

/** The worst of what may be said of a check. */
const WORST: readonly Status[] = ["fail", "blocked", "warn"];

let directory: string;
let standIn: StandIn | null = null;
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "modly-own-routes-"));
});
afterEach(async () => {
  await standIn?.kill();
  await rm(directory, { recursive: true, force: true });
});

/** What is not passed, by check. */
async function seen(
  bugs: readonly Bug[],
  target: Omit<TargetConfig, "base_url">,
  only?: readonly CheckId[],
): Promise<Partial<Record<CheckId, Status>>> {
  standIn = await startStandIn({ directory, bugs });
  const { verdicts } = await collect({ base_url: standIn.url, ...target }, only ? { only } : {});
  await standIn.kill();
  expect(verdicts.length).toBeGreaterThan(0);
  return Object.fromEntries(
    verdicts.flatMap(({ id, status }) => (WORST.includes(status) ? [[id, status]] : [])),
  );
}

function together(expectations: readonly Partial<Record<CheckId, Status>>[]) {
  const all = expectations.flatMap((one) => Object.entries(one) as [CheckId, Status][]);
  const byWorst = all.toSorted(([, a], [, b]) => WORST.indexOf(b) - WORST.indexOf(a));
  return Object.fromEntries(byWorst);
}

test("Modly's habits alone fail nothing", async () => {
  expect(await seen([], ownRoutes)).toEqual(HABITS);
}, 240_000);

test("the bugs that leave other runs alone fail exactly their checks", async () => {
  const expected = together([HABITS, ...QUIET.map((bug) => SEEN[bug])]);
  const raced = Object.keys(RACES);
  const found = Object.entries(await seen(QUIET, ownRoutes)).filter(([id]) => !raced.includes(id));
  expect(Object.fromEntries(found)).toEqual(expected);
}, 240_000);

test.each(STRIKING)(
  "%s fails exactly its checks",
  async (bug) => {
    const target = bug === "switchFreezes" ? ownRoutesWithTwoModels : ownRoutes;
    const ids = Object.keys(SEEN[bug]) as CheckId[];
    expect(await seen([bug], target, ids)).toEqual(SEEN[bug]);
  },
  240_000,
);

test("the page's table says the same (UPDATE_DOCS=1 writes it)", async () => {
  const page = await readFile(PAGE, "utf8");
  const marked = /(<!-- prettier-ignore-start -->\n\n)[^]*?(\n\n<!-- prettier-ignore-end -->)/;
  const written = page.replace(
    marked,
    (_, begin: string, end: string) => begin + conformanceTable() + end,
  );
  if (process.env["UPDATE_DOCS"]) await writeFile(PAGE, written);
  else expect(page).toBe(written);
  expect(page).toMatch(marked);
});
