// Counts the tests of a report that vitest wrote as JSON, and says so on the last line; files that failed are
// tried once more first, each with nothing beside it. What fails among others and not alone was hit by a
// machine that stood still, or is not steady: it is named. What fails alone fails.
//
//     node .ci/count.mjs REPORT STATUS [STATUS...]
//
// STATUS is the exit code of `npm test`, then of whatever else counts as one test each.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/** More than so many failed files is no bad moment of a machine. */
const MOST_AGAIN = 6;

const [report, tests, ...others] = process.argv.slice(2);

/** The files of a report with what passed and failed in each; none where there is no report. */
function filesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).testResults.map((one) => {
      const count = (wanted) =>
        one.assertionResults.filter(({ status }) => status === wanted).length;
      const failed = count("failed");
      // A file that can't be read, or whose set-up fails, fails without a test of its own.
      return {
        name: path.relative(process.cwd(), one.name),
        passed: count("passed"),
        failed: one.status === "failed" ? Math.max(1, failed) : failed,
      };
    });
  } catch {
    return [];
  }
}

function again({ name }) {
  console.log(`\nAlone once more: ${name}`);
  const second = `${report}.again`;
  spawnSync("node_modules/.bin/vitest", ["run", name], {
    stdio: "inherit",
    env: { ...process.env, VITEST_REPORT: second },
  });
  return filesOf(second).find((file) => file.name === name) ?? { name, passed: 0, failed: 1 };
}

const files = filesOf(report);
const wrong = files.filter(({ failed }) => failed > 0);
const judged =
  wrong.length > MOST_AGAIN ? files : files.map((file) => (file.failed > 0 ? again(file) : file));
const sum = (key) => judged.reduce((total, file) => total + file[key], 0);

let passed = sum("passed");
let failed = sum("failed");
// A check before the tests may be what failed.
if (tests !== "0" && wrong.length === 0) failed += 1;
for (const status of others) {
  if (status === "0") passed += 1;
  else failed += 1;
}
const unsteady = wrong.filter(({ name }) =>
  judged.some((file) => file.name === name && file.failed === 0),
);
for (const { name } of unsteady) console.log(`UNSTEADY: ${name} failed among others, not alone`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
