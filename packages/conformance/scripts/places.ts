/**
 * Holds every wrong server against its set where all models share a few places: what is wrong must not
 * hide behind a full queue there, as a cancel does that leaves its run at work.
 *
 *     pnpm zoo --places 1,2,4
 *     pnpm zoo --places 2 --only cancel,slot   those with one of these in their name
 *
 * It fails if one of them passes clean, or if the right server with so many places is blamed.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { type Mutant, MUTANTS, several, tryServer } from "../test/reference/index.ts";
import { inShards, ownShare } from "./shards.ts";

/** Servers at once in a process. */
const LANES = 5;
/** A race may be missed once or twice on a busy machine. */
const TRIES = 3;

const { values } = parseArgs({
  options: {
    places: { type: "string", default: "1,2,4" },
    only: { type: "string", default: "" },
    shard: { type: "string" },
  },
});

type Told = { name: string; fault: string | null };

/** A server that is right must be clean. */
async function blamed(
  places: number,
  overrides: Mutant["overrides"] = {},
  config: Parameters<typeof tryServer>[2] = {},
): Promise<string | null> {
  const { broken, blocked } = await tryServer(overrides, {}, config, places);
  return broken.length + blocked.length === 0
    ? null
    : `blamed: ${[...broken, ...blocked].join(" ")}`;
}

/** Tries the checks that it declares first; what they miss, the whole set may find. */
async function slips(mutant: Mutant, places: number): Promise<string | null> {
  const { overrides, config, kills, atOnce = 1, set = "core" } = mutant;
  if (places < atOnce) return blamed(places, overrides);
  const finds = async (only?: readonly string[]) =>
    (await tryServer(overrides, only ? { set: "all", only } : { set }, config, places)).broken
      .length > 0;
  if (await finds(kills)) return null;
  for (let tries = 1; tries <= TRIES; tries += 1) if (await finds()) return null;
  return "passes clean";
}

/** Who is tried: the right server, then the wrong ones, the slowest first. */
const servers = [
  // The suite's own runs wait for each other there: thoroughly, they do so the most.
  { name: "reference", fault: (places: number) => blamed(places, {}, { thorough: true }) },
  ...MUTANTS.toSorted((a, b) => Number(Boolean(b.slow)) - Number(Boolean(a.slow))).map(
    (mutant) => ({ name: mutant.name, fault: (places: number) => slips(mutant, places) }),
  ),
].filter(({ name }) => values.only.split(",").some((part) => name.includes(part)));

const trials = values.places
  .split(",")
  .map(Number)
  .flatMap((places) =>
    servers.map(({ name, fault }) => ({
      name: `${name} with ${places} ${places === 1 ? "place" : "places"}`,
      fault: () => fault(places),
    })),
  );

async function gather(): Promise<void> {
  const began = performance.now();
  const faults: string[] = [];
  let heard = 0;
  await inShards(fileURLToPath(import.meta.url), (told) => {
    const { name, fault } = told as Told;
    heard += 1;
    console.log(fault === null ? `ok   ${name}` : `FAIL ${name}: ${fault}`);
    if (fault !== null) faults.push(`${name}: ${fault}`);
  });
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`\n${heard} servers, ${faults.length} judged wrongly, ${seconds} s`);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 && heard === trials.length && heard > 0 ? 0 : 1;
}

const own = ownShare(trials);
if (own === undefined) await gather();
else {
  await several(own, LANES, async ({ name, fault }) => {
    process.send?.({ name, fault: await fault() } satisfies Told);
  });
  process.disconnect();
}
