// The long form of the crash test of the service. Needs what is built: `pnpm build`.
import { parseArgs } from "node:util";

import { crashTest } from "../test/crash/harness.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "30" },
    pictures: { type: "string", default: "20" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const report = await crashTest({
  kills: Number(values.kills),
  pictures: Number(values.pictures),
  seed: Number(values.seed),
  stepMs: 400,
});
const { service, servers, all } = report.kills;
console.log(
  `seed ${values.seed}: ${service + servers + all} kills (${service} of the service, ${servers} of a server, ${all} of both)`,
);
console.log(`${report.rounds} workflows, ${report.steps} steps`);
console.log(`workflows that were lost: ${report.lost.length}`, ...report.lost);
console.log(
  `steps done more than once: ${report.repeated.length + report.surplusRuns}`,
  ...report.repeated,
);
console.log(`outputs unlike the undisturbed ones: ${report.differing.length}`, ...report.differing);
const wrong = report.lost.length + report.repeated.length + report.differing.length;
process.exitCode = wrong + report.surplusRuns === 0 ? 0 : 1;
