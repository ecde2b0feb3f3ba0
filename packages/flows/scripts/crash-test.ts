// The long form of the crash test of flows. Needs what is built: `pnpm build`.
import { parseArgs } from "node:util";

import { crashTest } from "../test/crash/harness.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "30" },
    pictures: { type: "string", default: "20" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

console.error(`Up to ${values.kills} kills; what came of them is told at the end.`);
const report = await crashTest({
  kills: Number(values.kills),
  pictures: Number(values.pictures),
  seed: Number(values.seed),
  stepMs: 400,
});
const { command, servers, all } = report.kills;
console.log(
  `seed ${values.seed}: ${command + servers + all} kills (${command} of the command, ${servers} of a server, ${all} of both)`,
);
console.log(`${report.rounds} flow runs, ${report.steps} steps`);
console.log(
  `steps done more than once: ${report.repeated.length + report.surplusRuns}`,
  ...report.repeated,
);
console.log(`files unlike the undisturbed ones: ${report.differing.length}`, ...report.differing);
process.exitCode =
  report.repeated.length + report.differing.length + report.surplusRuns === 0 ? 0 : 1;
