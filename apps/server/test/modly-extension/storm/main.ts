/**
 * A storm of runs over three extensions, with random cancels, and kills of the server and of Python.
 *
 *     pnpm extension-storm --runs 200 --server-kills 5 --python-kills 15
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { weather } from "./storm.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    clients: { type: "string", default: "4" },
    "server-kills": { type: "string", default: "5" },
    "python-kills": { type: "string", default: "15" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const directory = await mkdtemp(path.join(os.tmpdir(), "extension-storm-"));
const began = performance.now();
try {
  const report = await weather({
    runs: Number(values.runs),
    clients: Number(values.clients),
    kills: { server: Number(values["server-kills"]), python: Number(values["python-kills"]) },
    seed: Number(values.seed),
    directory,
    onEnd: (done, of) => void process.stderr.write(`\r${done} of ${of} runs`),
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(`\n${JSON.stringify({ ...report, seconds }, null, 2)}\n`);
  process.exitCode = report.wrong.length > 0 ? 1 : 0;
} finally {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}
