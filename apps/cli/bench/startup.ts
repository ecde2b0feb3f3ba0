/** How long the built command takes to say its version, in times of `node -e 0`. Medians of the same round. */
import { spawnSync } from "node:child_process";
import path from "node:path";

const ROUNDS = 21;
const MOST = 2.5;
const main = path.resolve(import.meta.dirname, "../dist/main.js");

function time(args: readonly string[]): number {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: build first.`);
  return performance.now() - begun;
}

const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;
const [bare, version]: [number[], number[]] = [[], []];
for (let round = 0; round < ROUNDS; round++) {
  bare.push(time(["-e", "0"]));
  version.push(time([main, "--version"]));
}
const times = median(version) / median(bare);
console.log(
  `node -e 0: ${median(bare).toFixed(0)} ms; modly-runs --version: ${median(version).toFixed(0)} ms; ${times.toFixed(2)} times, at most ${MOST}`,
);
process.exitCode = times <= MOST ? 0 : 1;
