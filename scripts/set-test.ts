/**
 * Holds the built-in generators against the whole set of pictures, asks a slicer about each mesh where one is
 * installed, and says how much of each kind is as wished; then against photographs whose true masks are known.
 *
 *     pnpm set-test [NAME ...]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PICTURES } from "../apps/server/test/builtin/set/index.ts";
import { judge } from "../apps/server/test/builtin/set/judge.ts";
import { judgeScene } from "../apps/server/test/builtin/set/judge-scene.ts";
import { KINDS } from "../apps/server/test/builtin/set/picture.ts";
import { scenes } from "../apps/server/test/builtin/set/scenes.ts";
import { hasSlicer } from "../apps/server/test/builtin/slicer.ts";
import { UNMET } from "../apps/server/test/builtin/set/unmet.ts";
import { simplifierReady } from "@modly-runs/mesh/simplify";

const slicer = hasSlicer();
if (!slicer)
  console.log("LEFT OUT: no slicer is asked. That needs PrusaSlicer; PRUSA_SLICER names it.");
const names = process.argv.slice(2);
await simplifierReady;
let wrong = await judgePictures();
if (names.length === 0) wrong += await judgePhotographs();
process.exitCode = wrong === 0 ? 0 : 1;

/** How many pictures are unsound, or not as the list of unmet wishes says. */
async function judgePictures(): Promise<number> {
  const pictures = PICTURES.filter(({ name }) => names.length === 0 || names.includes(name));
  const directory = await mkdtemp(join(tmpdir(), "modly-runs-set-"));
  const met = new Set<string>();
  let unexpected = 0;
  try {
    for (const picture of pictures) {
      const { name, kind } = picture;
      const verdict = await judge(picture, directory, { slicer });
      if (verdict.met) met.add(name);
      // A wish that is met unexpectedly is news too: the list of those that are not has to be true.
      const expected = verdict.met !== Object.hasOwn(UNMET, name);
      if (verdict.faults.length > 0 || !expected) unexpected++;
      const said = verdict.met ? "met" : "unmet";
      const mark = (expected ? said : said.toUpperCase()).padEnd(5);
      console.log(`${mark} ${kind.padEnd(13)} ${name.padEnd(22)} ${verdict.got}`);
      for (const fault of verdict.faults) console.log(`      FAULT: ${fault}`);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  console.log("\n| kind | pictures | as wished |\n| --- | --- | --- |");
  for (const kind of KINDS) {
    const those = pictures.filter((picture) => picture.kind === kind);
    if (those.length === 0) continue;
    const good = those.filter(({ name }) => met.has(name)).length;
    console.log(`| ${kind} | ${those.length} | ${Math.round((100 * good) / those.length)} % |`);
  }
  console.log(`\n${met.size} of ${pictures.length} as wished; ${unexpected} not as expected\n`);
  return unexpected;
}

/** At least 60 % of the photographs are cut right; of the others at least 8 in 10 are said to be unsure. */
async function judgePhotographs(): Promise<number> {
  const photographs = scenes(40);
  let [right, unsure] = [0, 0];
  for (const scene of photographs) {
    const cut = await judgeScene(scene);
    if (cut.right) right++;
    if (!cut.sure) unsure++;
    const said = cut.sure ? (cut.right ? "right " : "WRONG ") : "unsure";
    console.log(
      `${said} ${scene.name.padEnd(20)} ${cut.overlap?.toFixed(3) ?? "     "} ${cut.because}`,
    );
  }
  const rest = photographs.length - right;
  console.log(`\n${right} of ${photographs.length} right; ${unsure} of the other ${rest} unsure`);
  return right >= 0.6 * photographs.length && unsure >= 0.8 * rest ? 0 : 1;
}
