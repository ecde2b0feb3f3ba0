import { CHECKS, type CheckId, chosenIds } from "@modly-runs/conformance";

import { BUGS, type Bug } from "../stand-in/bugs.ts";
import { HABITS, RACES, SEEN } from "./expected.ts";

/** Why a check is not passed by the stand-in's own routes, and how. */
function reasonsOf(id: CheckId): readonly string[] {
  const bugs = (Object.keys(BUGS) as Bug[]).flatMap((bug) => {
    const status = SEEN[bug][id];
    return status === undefined ? [] : [`${status}: ${BUGS[bug]}`];
  });
  const race = RACES[id];
  if (race !== undefined) bugs.push(`fail or pass, as the race goes: ${BUGS[race]}`);
  const habit = HABITS[id];
  return habit === undefined ? bugs : [`${habit}: a habit of Modly's, no bug`, ...bugs];
}

/** The table of the page on Modly, in Markdown. */
export function conformanceTable(): string {
  const core = chosenIds({});
  const rows = core.flatMap((id) => {
    const reasons = reasonsOf(id);
    const { level, title } = CHECKS[id];
    return reasons.length === 0
      ? []
      : [`| ${id} | ${level} | ${title} | ${reasons.join("<br>")} | pass |`];
  });
  const others = core.length - rows.length;
  return [
    "| check | level | what it looks at | the stand-in's own routes | behind modly-runs |",
    "|---|---|---|---|---|",
    ...rows,
    `| the other ${others} | | | pass, or about something that Modly does not claim | pass |`,
  ].join("\n");
}
