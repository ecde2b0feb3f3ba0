import { fileURLToPath } from "node:url";

/** What came of one server. */
export interface Row {
  name: string;
  why: string;
  /** Checks that failed or warned. */
  broken: readonly string[];
  /** True if only a thorough run said so. */
  thorough: boolean;
  /** True if the suite judged nothing at all, and said why: no pass either. */
  refused: boolean;
  /** How often the fault showed in the last session. */
  shown: number;
}

/** Where the result of the whole is kept. */
export const WIDE_PAGE = fileURLToPath(
  new URL("../../../../docs/conformance-wide.md", import.meta.url),
);

const faultOf = ({ name }: Row) => name.split("/")[0] ?? "";
export const isFound = ({ broken }: Row) => broken.length > 0;
/** Found without `--thorough`. */
export const foundByDefault = (row: Row) => isFound(row) && !row.thorough;

/** Found and all, with the share in percent. */
export function share(rows: readonly Row[], counts = isFound): string {
  const found = rows.filter(counts).length;
  return `${found} of ${rows.length} (${((100 * found) / Math.max(1, rows.length)).toFixed(1)} %)`;
}

/** Why a wrong server was not found, as far as the session itself tells. */
function reason({ refused, shown }: Row): string {
  if (refused)
    return "no plain run is ever done, as with a wrong configuration: exit 3, nothing is judged";
  return shown === 0
    ? "no session comes into this situation"
    : `it showed ${shown} times, and no check looked there`;
}

/** The result as a page. */
export function widePage(wrong: readonly Row[], odd: readonly Row[]): string {
  const faults = [...new Set(wrong.map(faultOf))].map((fault) => {
    const rows = wrong.filter((row) => faultOf(row) === fault);
    const first = rows[0]?.why.split("; it happens")[0] ?? "";
    const byDefault = rows.filter(foundByDefault).length;
    return `| ${fault} | ${first} | ${byDefault} of ${rows.length} | ${rows.filter(isFound).length} of ${rows.length} |`;
  });
  const missed = wrong
    .filter((row) => !isFound(row))
    .map((row) => `| ${row.name} | ${row.why} | ${reason(row)} |`);
  const blamed = odd.filter(isFound).map((row) => `| ${row.name} | ${row.broken.join(", ")} |`);
  return `# What slips through

Made by \`pnpm zoo --wide\` from packages/conformance/test/wide; don't edit it by hand.

[The other page](conformance-matrix.md) shows that each check can fail. This one asks the opposite
question: how much of what is wrong does the core set find? Whole servers are made by crossing ways
to be wrong with times, places and kinds of picture: to every third run, in the last step, only to
JPEGs, only after a restart. Each breaks a sentence of the specification, and most of the time it is
right.

**Found with \`--thorough\`: ${share(wrong)}.** Without it: ${share(wrong, foundByDefault)}. A thorough run
plays creates, failures and cancels in rounds too, alone and in the company of others; it has about
half as many runs again. Odd servers that are right: ${odd.length}, of which ${odd.filter(isFound).length} are blamed by it.

## Ways to be wrong

| fault | | found | with \`--thorough\` |
| --- | --- | --- | --- |
${faults.join("\n")}

## Not found

${missed.length === 0 ? "None." : `| server | what is wrong | why it is not found |\n| --- | --- | --- |\n${missed.join("\n")}`}
${blamed.length === 0 ? "" : `\n## Right, and blamed\n\n| server | by |\n| --- | --- |\n${blamed.join("\n")}\n`}`;
}
