/**
 * Holds servers that are wrong only sometimes against the core set, and prints how many are found.
 *
 *     pnpm zoo --wide               all of them, in as many processes as there are cores;
 *                                   writes docs/conformance-wide.md
 *     pnpm zoo --wide --sample 40   so many, others each day; writes nothing
 *     pnpm zoo --wide --only jpeg   those with this, or one of these with commas, in their name
 *
 * Each is tried as by default; what slips through then is tried with `--thorough`.
 * It fails if less than 97 % are found, or if an odd server that is right is blamed.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { several } from "../test/reference/index.ts";
import {
  foundByDefault,
  isFound,
  type Row,
  share,
  tryRight,
  tryWrong,
  WIDE,
  WIDE_ODD,
  WIDE_PAGE,
  widePage,
} from "../test/wide/index.ts";
import { inShards, ownShare } from "./shards.ts";

const ENOUGH = 0.97;

const { values } = parseArgs({
  options: {
    wide: { type: "boolean" },
    sample: { type: "string" },
    only: { type: "string" },
    /** Servers at once in a process: most of a trial is waiting. */
    lanes: { type: "string", default: "6" },
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
  const named = servers.filter(({ name }) =>
    (values.only ?? "").split(",").some((part) => name.includes(part)),
  );
  return values.sample === undefined ? named : sampled(named, Number(values.sample) * part);
};
const work = [
  ...chosen(WIDE, 0.8).map((server) => ({ kind: "wrong" as const, server })),
  ...chosen(WIDE_ODD, 0.2).map((server) => ({ kind: "odd" as const, server })),
];

async function tryAll(own: readonly (typeof work)[number][]): Promise<void> {
  await several(
    own,
    Number(values.lanes),
    async ({ kind, server: { name, why, overrides, shown } }) => {
      const judged = await (kind === "wrong" ? tryWrong(overrides) : tryRight(overrides));
      process.send?.({ kind, row: { name, why, ...judged, shown: shown() } } satisfies Told);
    },
  );
  process.disconnect();
}

async function gather(): Promise<void> {
  const began = performance.now();
  const rows: Record<Kind, Row[]> = { wrong: [], odd: [] };
  console.error(`${work.length} servers; only those that are misjudged are named.`);
  await inShards(fileURLToPath(import.meta.url), (told) => {
    const { kind, row } = told as Told;
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
  const found = rows.wrong.filter(isFound).length;
  const blamed = rows.odd.filter(isFound);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `\nFound ${share(rows.wrong)}, without --thorough ${share(rows.wrong, foundByDefault)}; right and blamed ${blamed.length} of ${rows.odd.length}; ${minutes} minutes`,
  );
  if (values.sample === undefined && values.only === undefined)
    await writeFile(WIDE_PAGE, widePage(sorted(rows.wrong), sorted(rows.odd)));
  const enough = rows.wrong.length === 0 || found / rows.wrong.length >= ENOUGH;
  process.exitCode = enough && blamed.length === 0 && work.length > 0 ? 0 : 1;
}

const own = ownShare(work);
if (own === undefined) await gather();
else await tryAll(own);
