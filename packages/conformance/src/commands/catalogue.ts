import { readFile } from "node:fs/promises";

import {
  type CheckId,
  CHECKS,
  checksOf,
  DROPPED,
  idsOf,
  isCheckId,
  REQUIREMENTS,
  type SetName,
} from "../requirements/index.ts";
import type { Said } from "./run.ts";

/** All checks of a set, one a line. */
export function list(set: string): Said {
  if (set !== "all" && !Object.hasOwn(REQUIREMENTS, set))
    return { err: `There is no set ${set}`, code: 3 };
  const ids = idsOf(set as SetName | "all");
  const lines = ids.map(
    (id) => `${id.padEnd(8)} ${CHECKS[id].level.padEnd(7)} ${CHECKS[id].title}`,
  );
  return { out: `${lines.join("\n")}\n`, code: 0 };
}

/** The wrong servers that a check catches, from the matrix that ships with the package. */
async function provenBy(id: string): Promise<readonly string[]> {
  try {
    const text = await readFile(new URL("../../kill-matrix.json", import.meta.url), "utf8");
    const { mutants } = JSON.parse(text) as { mutants: Record<string, readonly string[]> };
    return Object.keys(mutants).filter((name) => mutants[name]?.includes(id));
  } catch {
    return [];
  }
}

async function explained(id: CheckId): Promise<string> {
  const { level, title, rule, why, of } = CHECKS[id];
  const mutants = await provenBy(id);
  const sentences = of.length > 0 ? `In the specification: ${of.join(", ")}\n` : "";
  const proof = mutants.length > 0 ? `Proof: it catches ${mutants.join(", ")}\n` : "";
  return `${id} (${level}): ${title}\nRule:  ${rule}\nWhy:   ${why}\n${sentences}${proof}`;
}

/** What a check asks for, why it matters, and what proves that it bites; of a rule of the specification, its checks. */
export async function explain(id: string): Promise<Said> {
  const key = id.toUpperCase();
  const dropped = Object.entries(DROPPED).find(([name]) => name === key);
  if (dropped) return { out: `${key} is no check. ${dropped[1]}\n`, code: 0 };
  const checks = isCheckId(key) ? [key] : checksOf(key);
  if (checks.length === 0)
    return { err: `There is no check and no rule ${id}; see: list`, code: 3 };
  const texts = await Promise.all(checks.map(explained));
  return { out: texts.join("\n"), code: 0 };
}
