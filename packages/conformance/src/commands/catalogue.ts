import { readFile } from "node:fs/promises";

import {
  CHECKS,
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

/** A check's rule, why it matters, and what proves that it bites. */
export async function explain(id: string): Promise<Said> {
  const key = id.toUpperCase();
  const dropped = Object.entries(DROPPED).find(([name]) => name === key);
  if (dropped) return { out: `${key} is no check. ${dropped[1]}\n`, code: 0 };
  if (!isCheckId(key)) return { err: `There is no check ${id}; see: list`, code: 3 };
  const { level, title, rule, why } = CHECKS[key];
  const mutants = await provenBy(key);
  const proof = mutants.length > 0 ? `Proof: it catches ${mutants.join(", ")}\n` : "";
  return { out: `${key} (${level}): ${title}\nRule:  ${rule}\nWhy:   ${why}\n${proof}`, code: 0 };
}
