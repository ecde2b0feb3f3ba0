/**
 * Holds servers that are wrong only sometimes against the core set, and prints how many are found.
 *
 *     pnpm zoo --wide               all of them, in as many processes as there are cores;
 *                                   writes docs/conformance-wide.md
 *     pnpm zoo --wide --sample 40   so many, others each day; writes nothing
 *     pnpm zoo --wide --only jpeg   those with this in their name; writes nothing
 *
 * It fails if less than 97 % are found, or if an odd server that is right is blamed.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { several } from "../test/reference/index.ts";
import { judge, type Row, share, WIDE, WIDE_ODD, WIDE_PAGE, widePage } from "../test/wide/index.ts";
import { inShards, ownShare } from "./shards.ts";

const ENOUGH = 0.97;
/** Servers at once in a process: most of a trial is waiting. */
const LANES = 6;
/** A fault that depends on the moment may be missed once. */
const TRIES = 2;

const { values } = parseArgs({
  options: {
    wide: { type: "boolean" },
    sample: { type: "string" },
    only: { type: "string" },
    shard: { type: "string" },
  },
});

type Kind = "wrong" | "odd";
type Told = { kind: Kind; row: Row };

/** So many of them, spread over all; the day's number moves the choice on. */
function sampled<T>(items: readonly T[], size: number): readonly T[] {
  const step = Math.max(1, Math.floor(items.length / Math.max(1, size)));
  const day = Math.floor(Date.now() / 86_400_000);
  return items.filter((_, at) => at % step === day % step).slice(0, size);
}

const chosen = (servers: typeof WIDE, part: number) => {
  const named = servers.filter(({ name }) => name.includes(values.only ?? ""));
  return values.sample === undefined ? named : sampled(named, Number(values.sample) * part);
};
const work = [
  ...chosen(WIDE, 0.8).map((server) => ({ kind: "wrong" as const, server })),
  ...chosen(WIDE_ODD, 0.2).map((server) => ({ kind: "odd" as const, server })),
];

async function tryAll(own: readonly (typeof work)[number][]): Promise<void> {
  await several(own, LANES, async ({ kind, server: { name, why, overrides, shown } }) => {
    let { broken } = await judge(overrides);
    for (let tries = 1; tries < TRIES && (broken.length === 0) === (kind === "wrong"); tries += 1)
      ({ broken } = await judge(overrides));
    process.send?.({ kind, row: { name, why, broken, shown: shown() } } satisfies Told);
  });
  process.disconnect();
}

async function gather(): Promise<void> {
  const began = performance.now();
  const rows: Record<Kind, Row[]> = { wrong: [], odd: [] };
  await inShards<Told>(fileURLToPath(import.meta.url), ({ kind, row }) => {
    rows[kind].push(row);
    const { name, why, broken, shown } = row;
    if ((broken.length === 0) === (kind === "wrong"))
      console.log(
        `${kind === "wrong" ? "slips" : "blamed"} ${name}: ${why} ${broken.join(" ")} (${shown})`,
      );
  });
  const order = new Map([...WIDE, ...WIDE_ODD].map(({ name }, at) => [name, at]));
  const sorted = (list: readonly Row[]) =>
    list.toSorted((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
  const found = rows.wrong.filter(({ broken }) => broken.length > 0).length;
  const blamed = rows.odd.filter(({ broken }) => broken.length > 0);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `\nFound ${share(rows.wrong)}; right and blamed ${blamed.length} of ${rows.odd.length}; ${minutes} minutes`,
  );
  if (values.sample === undefined && values.only === undefined)
    await writeFile(WIDE_PAGE, widePage(sorted(rows.wrong), sorted(rows.odd)));
  const enough = rows.wrong.length === 0 || found / rows.wrong.length >= ENOUGH;
  process.exitCode = enough && blamed.length === 0 && work.length > 0 ? 0 : 1;
}

const own = ownShare(work);
if (own === undefined) await gather();
else await tryAll(own);
