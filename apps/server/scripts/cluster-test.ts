/**
 * Kills, stops and cuts off the parts of a cluster for ten minutes, and holds it to all it answered:
 * `pnpm cluster-test --minutes 10 --seed 1`.
 */
import { parseArgs } from "node:util";

import { storm } from "../test/cluster/storm.ts";

/** A dead worker's run is another's after so long, ms; longer only while the database is away. */
const TAKEN_OVER_MS = 15_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const began = performance.now();
const seconds = () => Math.round((performance.now() - began) / 1000);
const report = await storm({
  ms: Number(values.minutes) * 60_000,
  seed: Number(values.seed),
  onFault: (what) => void process.stderr.write(`${seconds()} s: ${what}\n`),
});
const { byStatus, faults, takenOver } = report;
const rows: readonly (readonly [string, string | number])[] = [
  ["processes killed, stopped for a while", `${faults.killed}, ${faults.stopped}`],
  ["Redis restarted with its data lost", faults.redis],
  ["PostgreSQL killed and started again, all connections cut", `${faults.postgres}, ${faults.cut}`],
  ["S3 answers 500, hangs or breaks off for a while", faults.s3],
  ["creates answered (runs)", report.accepted],
  ["... readable, ended", `${report.readable}, ${report.ended}`],
  [
    "... as done, error, cancelled",
    [byStatus.done, byStatus.error, byStatus.cancelled].map((n) => n ?? 0).join(", "),
  ],
  ["creates never answered", report.unanswered],
  ["cancels answered, kept", `${report.cancelsAnswered}, ${report.cancelsKept}`],
  ["seen ended before the end, unchanged", `${report.seenEnded}, ${report.unchanged}`],
  ["done, with a whole mesh", `${report.done}, ${report.withMesh}`],
  ["idempotency keys, still the same run", `${report.keys}, ${report.keysKept}`],
  ["meshes in the bucket at the end", report.meshes],
  ["objects at the end that belong to nobody", report.orphans.length],
  ["runs of killed workers", takenOver.runs],
  [
    "... until they were released, median, longest",
    `${takenOver.median} ms, ${takenOver.longest} ms`,
  ],
  [
    "... longest, without the time that the database was away",
    `${takenOver.longestWithDatabase} ms`,
  ],
  ["things that were not as answered", report.wrong.length],
];
console.log(`\nSeed ${report.seed}, ${seconds()} s\n\n| what | count |\n|---|---|`);
for (const [what, count] of rows) console.log(`| ${what} | ${count} |`);
for (const what of report.wrong) console.error(what);
const isLate = takenOver.longestWithDatabase > TAKEN_OVER_MS;
if (isLate) console.error(`A dead worker's run waited for more than ${TAKEN_OVER_MS} ms.`);
process.exitCode = report.wrong.length > 0 || isLate ? 1 : 0;
