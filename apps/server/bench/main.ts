/**
 * Holds the server against its bars: `pnpm bench [NAME...] [--json FILE] [--from=source]`.
 *
 * Build first (`pnpm build`), unless from source. The machine should have nothing else to do.
 */
import { writeFile } from "node:fs/promises";
import os from "node:os";
import { parseArgs } from "node:util";

import type { Row } from "./row.ts";
import { busy } from "./rows/busy.ts";
import { creates } from "./rows/creates.ts";
import { extensions } from "./rows/extensions.ts";
import { generators } from "./rows/generators.ts";
import { million } from "./rows/million.ts";
import { moments } from "./rows/moments.ts";
import { reads } from "./rows/reads.ts";
import { uploads } from "./rows/uploads.ts";
import { watchers } from "./rows/watchers.ts";

const BENCHMARKS: Record<string, () => Promise<Row[]>> = {
  ...{ reads, creates, watchers, uploads, million, moments, busy, generators, extensions },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, from: { type: "string" } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(", ")}. There is ${Object.keys(BENCHMARKS).join(", ")}.`,
  );
  process.exit(2);
}

console.log(`Node ${process.version}, ${os.availableParallelism()} cores\n`);
console.log(
  "| what | unit | ours | yardstick | ratio | bar | met | beside |\n|---|---|---|---|---|---|---|---|",
);
const rows: Row[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS))
  for (const row of await BENCHMARKS[name]!()) {
    rows.push(row);
    const { unit, ours, yardstick, ratio, bar, met, note } = row;
    const cells = [
      row.name,
      unit,
      ours,
      yardstick ?? "",
      ratio ?? "",
      bar,
      met ? "yes" : "no",
      note ?? "",
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
if (values.json) await writeFile(values.json, `${JSON.stringify({ rows }, undefined, 2)}\n`);
process.exitCode = rows.every(({ met }) => met) ? 0 : 1;
