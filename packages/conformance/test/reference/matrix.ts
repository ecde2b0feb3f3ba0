import { fileURLToPath } from "node:url";

import { CHECKS, type CheckId } from "../../src/requirements/index.ts";
import type { Mutant } from "./mutants/mutant.ts";
import type { Tolerance } from "./tolerance.ts";

/** Where the matrix is kept, for programs and for people. */
export const MATRIX_FILES = {
  json: fileURLToPath(new URL("../../kill-matrix.json", import.meta.url)),
  page: fileURLToPath(new URL("../../../../docs/conformance-matrix.md", import.meta.url)),
};

/** Which checks each mutant is killed by, and which checks kill none. */
export interface KillMatrix {
  mutants: Record<string, readonly string[]>;
  unkilled: readonly CheckId[];
}

/** The matrix as the mutants declare it; `pnpm zoo` shows that it is true. */
export function killMatrix(mutants: readonly Mutant[]): KillMatrix {
  const killed = new Set(mutants.flatMap(({ kills }) => kills));
  const order = Object.keys(CHECKS);
  const sorted = (ids: readonly string[]) =>
    ids.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
  return {
    mutants: Object.fromEntries(mutants.map(({ name, kills }) => [name, sorted(kills)])),
    unkilled: (order as CheckId[]).filter((id) => CHECKS[id].level !== "MAY" && !killed.has(id)),
  };
}

/** The matrix as a page. */
export function matrixPage(mutants: readonly Mutant[], tolerances: readonly Tolerance[]): string {
  const killers = Object.keys(CHECKS).map((id) => {
    const names = mutants.filter(({ kills }) => kills.includes(id)).map(({ name }) => name);
    const { level, title, of } = CHECKS[id as CheckId];
    return `| ${id} | ${level} | ${title} | ${of.join(", ")} | ${names.join(", ")} |`;
  });
  const wrong = mutants.map(({ name, why, kills, mayAlsoFail = [] }) => {
    const chance =
      mayAlsoFail.length > 0 ? ` (by chance ${mayAlsoFail.map(({ id }) => id).join(", ")})` : "";
    return `| ${name} | ${why} | ${kills.join(", ")}${chance} |`;
  });
  const odd = tolerances.map(
    ({ name, why, allows, warns = [] }) => `| ${name} | ${why} | ${allows} | ${warns.join(", ")} |`,
  );
  return `# What proves the checks

Made by \`pnpm zoo\` from packages/conformance/test/reference; don't edit it by hand.

Each check has to bite: for every MUST and SHOULD there is at least one server that is wrong in just
this way, and the suite has to find exactly what that server declares. There are ${mutants.length} wrong servers.
Each check has to be fair too: ${tolerances.length} servers that are odd and right have to pass without a fail.

## Checks, and the wrong servers that show they bite

| check | level | | rule | found in |
| --- | --- | --- | --- | --- |
${killers.join("\n")}

## Wrong servers, and the checks that find them

| server | what is wrong | found by |
| --- | --- | --- |
${wrong.join("\n")}

## Odd servers that pass

The rule is the sentence of the [specification](specification.md) that allows it.

| server | what is odd | rule | warns |
| --- | --- | --- | --- |
${odd.join("\n")}
`;
}
