import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { weather } from "./storm.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    clients: { type: "string", default: "4" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const directory = await mkdtemp(path.join(os.tmpdir(), "modly-storm-"));
const began = performance.now();
try {
  const report = await weather({
    kills: Number(values.kills),
    clients: Number(values.clients),
    seed: Number(values.seed),
    directory,
    onKill: (done, of) => void process.stderr.write(`\r${done} of ${of} kills`),
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(`\n${JSON.stringify({ ...report, seconds }, null, 2)}\n`);
  process.exitCode = report.wrong.length > 0 ? 1 : 0;
} finally {
  await rm(directory, { recursive: true, force: true });
}
