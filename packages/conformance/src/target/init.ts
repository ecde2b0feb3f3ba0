import { stringify } from "yaml";

import { Session } from "../session/session.ts";
import { originOf } from "../wire/http.ts";
import { SITUATIONS, type SituationName, type TargetConfig } from "./config.ts";
import { preflight } from "./preflight.ts";
import { type Setting, SETTINGS, SITUATIONS_SAY } from "./settings.ts";
import { findSituation } from "./situations.ts";

/** A key with its value, or as a comment that can be filled in, under the sentence that explains it. */
function setting(key: keyof typeof SETTINGS, value: unknown, example: string): string {
  const { says, otherwise }: Setting = SETTINGS[key];
  const comment = `# ${says}${otherwise === undefined ? "" : `; otherwise ${otherwise}`}`;
  return value === undefined
    ? `${comment}\n# ${key}: ${example}`
    : `${comment}\n${stringify({ [key]: value }, { flowCollectionPadding: true }).trimEnd()}`;
}

async function situationLines(session: Session, name: SituationName): Promise<string> {
  const found = await session.situation(name).catch((error: unknown) => ({
    ok: false as const,
    reason: error instanceof Error ? error.message : String(error),
  }));
  const says = `  # ${SITUATIONS_SAY[name]}`;
  return found.ok
    ? `${says}. Seen: ${found.note}\n  ${name}: ${stringify(found.recipe, { collectionStyle: "flow", lineWidth: 0 }).trim()}`
    : `${says}. Not found: ${found.reason.replaceAll("\n", " ")}\n  # ${name}: {model_id: ..., params: {}}`;
}

/**
 * Tries every situation of a target and writes down what worked, as YAML in which each key is
 * explained. A sentence instead if the target can't be reached.
 */
export async function describeTarget(
  target: TargetConfig,
): Promise<{ readonly yaml: string } | { readonly fault: string }> {
  const origin = originOf(target.base_url);
  if (typeof origin === "string") return { fault: origin };
  const session = new Session(target, origin, 1, findSituation);
  const fault = await preflight(session);
  if (fault !== undefined) return { fault };
  const situations: string[] = [];
  for (const name of SITUATIONS) situations.push(await situationLines(session, name));
  const { base_url, profile, time_scale, lanes, races, thorough, retention_ms } = target;
  const { also, second_model, capabilities, hooks } = target;
  // Headers may hold a token: they are named in the file only as a place to fill in.
  const names = Object.keys(target.headers ?? { Authorization: "" });
  const blocks = [
    "# A server of workflow runs, for: modly-runs-conformance run --config <this file>",
    setting("base_url", base_url, ""),
    setting("profile", profile, "strict"),
    setting("headers", undefined, `{ ${names.map((name) => `${name}: "..."`).join(", ")} }`),
    setting("time_scale", time_scale, "auto"),
    setting("lanes", lanes, "6"),
    setting("races", races, "3"),
    setting("thorough", thorough, "true"),
    setting("retention_ms", retention_ms, "60000"),
    `# ${SETTINGS.situations.says}\nsituations:\n${situations.join("\n")}`,
    setting("also", also, "[{ model_id: ..., params: {}, cancel_after_ms: 300 }]"),
    setting("second_model", second_model, "{ model_id: ... }"),
    setting("capabilities", capabilities, "[idempotency_key]"),
    setting("hooks", hooks, '{ restart: { command: "...", timeout_ms: 30000 } }'),
  ];
  return { yaml: `${blocks.join("\n\n")}\n` };
}
