/**
 * Changes the pure modules in every small way there is, one at a time, and counts the changes that
 * their tests notice. Works on a copy; writes docs/mutation-score.md.
 *
 *     pnpm mutation-test
 *     pnpm mutation-test --only engine --concurrency 2
 *
 * Ends with 1 if a module is below its bar. The first run fetches Stryker.
 */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { PARTS } from "./mutation/modules.ts";
import { pageWith } from "./mutation/page.ts";
import { percent, type Score, scoresOf, staleReasons } from "./mutation/score.ts";
import { installed, mutantsOf } from "./mutation/stryker.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: Object.keys(PARTS) },
    concurrency: { type: "string", default: "1" },
  },
});
const unknown = values.only.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  console.error(`There is no part ${unknown}. The parts: ${Object.keys(PARTS).join(", ")}.`);
  process.exit(2);
}

const root = fileURLToPath(new URL("..", import.meta.url));
const page = fileURLToPath(new URL("../docs/mutation-score.md", import.meta.url));
const format = fileURLToPath(new URL("../node_modules/.bin/oxfmt", import.meta.url));
const wrong: string[] = [];

function judge(score: Score, least: number): void {
  const { module, all, found, survivors } = score;
  console.log(`${percent(score).toFixed(1).padStart(5)} %  ${found} of ${all}  ${module}`);
  for (const { line, change, reason } of survivors)
    if (reason === undefined) console.log(`         line ${line}: ${change}`);
  if (percent(score) < least)
    wrong.push(
      `${module}: ${percent(score)} % of its changes are noticed, and ${least} % have to be.`,
    );
  for (const row of staleReasons(score))
    wrong.push(`${module}: "${row}" is noticed now; remove it from scripts/mutation/reasons.ts.`);
}

try {
  const stryker = await installed(root);
  for (const name of values.only) {
    const part = PARTS[name]!;
    const scores = scoresOf(await mutantsOf(root, stryker, part, Number(values.concurrency)));
    for (const score of scores) judge(score, part.modules[score.module]!);
    await writeFile(page, pageWith(await readFile(page, "utf8"), name, scores));
    execFileSync(format, [page], { stdio: "ignore" });
  }
} catch (cause) {
  wrong.push((cause as Error).message);
}
for (const sentence of wrong) console.error(sentence);
process.exit(wrong.length > 0 ? 1 : 0);
