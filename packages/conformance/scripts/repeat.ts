/**
 * Judges the reference server several times over and lists every check whose verdict differs.
 *
 *     pnpm zoo --repeat 20                 as it is
 *     pnpm zoo --repeat 20 --busy          with one core kept busy
 *     pnpm zoo --repeat 20 --latency 150   with every answer so many milliseconds later
 *     pnpm zoo --repeat 20 --set all       both sets
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

import { collect } from "../src/run.ts";
import { correct, REFERENCE_TARGET, startReference } from "../test/reference/index.ts";

const { values } = parseArgs({
  options: {
    repeat: { type: "string", default: "20" },
    latency: { type: "string", default: "0" },
    set: { type: "string", default: "core" },
    busy: { type: "boolean", default: false },
  },
});
const repeats = Number(values.repeat);
const latency = Number(values.latency);
const set = values.set === "all" || values.set === "hardening" ? values.set : "core";

const burner = values.busy ? new Worker("for (;;);", { eval: true }) : undefined;
const seen = new Map<string, Map<string, number[]>>();
for (let round = 1; round <= repeats; round += 1) {
  const server = await startReference(
    latency === 0
      ? {}
      : {
          handle: async (lab, request) => {
            await new Promise((resolve) => {
              setTimeout(resolve, latency);
            });
            return correct.handle(lab, request);
          },
        },
  );
  const began = performance.now();
  const { verdicts } = await collect({ ...REFERENCE_TARGET, base_url: server.url }, { set });
  await server.close();
  for (const { id, status, observed } of verdicts) {
    const said =
      status === "pass" ? status : `${status}${observed ? ` (${observed.slice(0, 120)})` : ""}`;
    const rounds = seen.get(id) ?? new Map<string, number[]>();
    seen.set(id, rounds.set(said, [...(rounds.get(said) ?? []), round]));
  }
  console.log(`round ${round} of ${repeats}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
await burner?.terminate();

const differing = [...seen].filter(([, rounds]) => rounds.size > 1);
for (const [id, rounds] of differing) {
  for (const [said, numbers] of rounds)
    console.log(`${id} ${said}: in round ${numbers.join(", ")}`);
}
console.log(`${seen.size} checks, ${repeats} repeats, ${differing.length} differ`);
process.exitCode = differing.length === 0 ? 0 : 1;
