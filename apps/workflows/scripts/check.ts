// Holds any service against the neighbouring API: pnpm workflows-check --url http://127.0.0.1:8766/api/v1
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { bodiesWith } from "../test/neighbour/bodies.ts";
import { judge, type Verdict } from "../test/neighbour/judge.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:8766/api/v1" },
    token: { type: "string" },
    picture: { type: "string", default: "examples/duck.png" },
    model: { type: "string", default: "builtin/relief" },
    quick: { type: "string" },
    slow: { type: "string" },
    only: { type: "string", multiple: true },
    patience: { type: "string", default: "120" },
  },
});
const base = values.url.replace(/\/$/, "");
await fetch(`${base}/workflows/`).catch(() => {
  console.error(`Nothing answers at ${base}. Start the service, or give its address with --url.`);
  process.exit(3);
});
const read = async (file: string) =>
  JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
const picture = `data:image/png;base64,${(await readFile(values.picture)).toString("base64")}`;
// Another seed is another mesh: nothing of an earlier time is taken for it.
const slowParams = { seed: Math.floor(Math.random() * 1e9) };
const own = bodiesWith(picture, { model: values.model, slowModel: values.model, slowParams });
const verdicts = await judge(
  {
    base,
    token: values.token,
    quick: values.quick ? await read(values.quick) : own.quick,
    slow: values.slow ? await read(values.slow) : own.slow,
    patience: Number(values.patience) * 1000,
  },
  values.only,
);
for (const { id, says, outcome, why } of verdicts)
  console.log(`${id}  ${outcome.padEnd(9)}  ${says}${why ? `: ${why}` : ""}`);
const count = (wanted: Verdict["outcome"]) =>
  verdicts.filter(({ outcome }) => outcome === wanted).length;
console.log(`${count("kept")} kept, ${count("broken")} broken, ${count("not asked")} not asked`);
process.exitCode = count("broken") === 0 ? 0 : 1;
