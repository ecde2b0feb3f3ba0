import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { PHASES } from "../test/crash/aims.ts";
import { type CrashReport, crashTest } from "../test/crash/harness.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "250" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    from: { type: "string", default: "source" },
  },
});
const from = values.from === "dist" ? "dist" : "source";

function table(report: CrashReport): string {
  const { byStatus, debris } = report;
  const rows: [string, string | number][] = [
    ["kills", report.kills],
    ...PHASES.map((phase): [string, string] => {
      const { aimed, hit } = report.phases[phase];
      return [`... aimed at ${phase}, and came while it was on`, `${aimed}, ${hit}`];
    }),
    ["creates answered (runs)", report.accepted],
    ["... readable", report.readable],
    ["... ended", report.ended],
    [
      "... as done, error, cancelled",
      [byStatus.done, byStatus.error, byStatus.cancelled].map((n) => n ?? 0).join(", "),
    ],
    ["creates never answered", report.unanswered],
    ["cancels answered, kept", `${report.cancelsAnswered}, ${report.cancelsKept}`],
    ["seen ended before the last start, unchanged", `${report.seenEnded}, ${report.unchanged}`],
    ["done, with a whole mesh", `${report.done}, ${report.withMesh}`],
    ["idempotency keys, still the same run", `${report.keys}, ${report.keysKept}`],
    ["cut-off uploads found after kills", debris.partUploads],
    ["half-published meshes found after kills", debris.partMeshes],
    ["working directories found after kills", debris.workingDirectories],
    ["meshes in the workspace at the end", report.meshes],
    ["files at the end that belong to nobody", report.orphans.length],
    [
      "start until listening, median, longest",
      `${report.starts.median} ms, ${report.starts.longest} ms`,
    ],
    ["things that were not as answered", report.wrong.length],
  ];
  return ["| what | count |", "|---|---|", ...rows.map(([what, n]) => `| ${what} | ${n} |`)].join(
    "\n",
  );
}

const dataDir = await mkdtemp(path.join(os.tmpdir(), "modly-crash-"));
const began = performance.now();
try {
  const report = await crashTest({
    kills: Number(values.kills),
    seed: Number(values.seed),
    dataDir,
    from,
    onKill: (done) => void process.stderr.write(`\r${done} of ${values.kills} kills`),
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\nSeed ${report.seed}, from ${from}, ${seconds} s\n\n${table(report)}`);
  for (const what of report.wrong) console.error(what);
  process.exitCode = report.wrong.length > 0 ? 1 : 0;
} finally {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
