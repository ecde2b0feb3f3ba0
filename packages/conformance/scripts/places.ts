/**
 * Holds every server with a wrong cancel against the core set where all models share a few places: a
 * cancel that does nothing keeps the places full there, and must not hide behind that.
 *
 *     pnpm zoo --places 1,2,4
 *
 * It fails if one of them passes clean, or if the right server with so many places is blamed.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { CANCEL_MUTANTS, several, tryServer } from "../test/reference/index.ts";
import { inShards, ownShare } from "./shards.ts";

/** Servers at once in a process. */
const LANES = 5;

const { values } = parseArgs({
  options: {
    places: { type: "string", default: "1,2,4" },
    only: { type: "string", default: "" },
    shard: { type: "string" },
  },
});

type Told = { name: string; fault: string | null };

const RIGHT = { name: "reference", overrides: {} };

const trials = values.places.split(",").flatMap((places) =>
  [RIGHT, ...CANCEL_MUTANTS]
    .filter(({ name }) => name.includes(values.only))
    .map((server) => ({
      name: `${server.name} with ${places} places`,
      async fault(): Promise<string | null> {
        // Whoever is right is tried thoroughly: the suite's own runs wait for each other there.
        const thorough = server === RIGHT ? { thorough: true } : {};
        const judged = () => tryServer(server.overrides, {}, thorough, Number(places));
        const { broken, blocked } = await judged();
        if (server === RIGHT)
          return broken.length + blocked.length === 0
            ? null
            : `blamed: ${[...broken, ...blocked].join(" ")}`;
        // A race may be missed once on a busy machine.
        return broken.length > 0 || (await judged()).broken.length > 0 ? null : "passes clean";
      },
    })),
);

async function gather(): Promise<void> {
  const faults: string[] = [];
  let heard = 0;
  await inShards(fileURLToPath(import.meta.url), (told) => {
    const { name, fault } = told as Told;
    heard += 1;
    console.log(fault === null ? `ok   ${name}` : `FAIL ${name}: ${fault}`);
    if (fault !== null) faults.push(name);
  });
  console.log(`\n${heard} servers, ${faults.length} judged wrongly`);
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
