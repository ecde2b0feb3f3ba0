import { stringify } from "yaml";

import { Session } from "../session/session.ts";
import { originOf } from "../wire/http.ts";
import { SITUATIONS, type TargetConfig } from "./config.ts";
import { preflight } from "./preflight.ts";
import { findSituation } from "./situations.ts";

/**
 * Tries every situation of a target and writes down what worked, as YAML with the measurements beside
 * it. A sentence instead if the target can't be reached.
 */
export async function describeTarget(
  target: TargetConfig,
): Promise<{ readonly yaml: string } | { readonly fault: string }> {
  const origin = originOf(target.base_url);
  if (typeof origin === "string") return { fault: origin };
  const session = new Session(target, origin, 1, findSituation);
  const fault = await preflight(session);
  if (fault !== undefined) return { fault };
  // Headers may hold a token: they are named in the file only as a place to fill in.
  const { situations: _given, headers, ...rest } = target;
  const lines = [
    stringify({ profile: "strict", time_scale: 1, ...rest }).trimEnd(),
    ...(headers ? [`# headers: {${Object.keys(headers).join(": ..., ")}: ...}`] : []),
    "situations:",
  ];
  for (const name of SITUATIONS) {
    const found = await session.situation(name).catch((error: unknown) => ({
      ok: false as const,
      reason: error instanceof Error ? error.message : String(error),
    }));
    lines.push(
      found.ok
        ? `  # ${found.note}\n  ${name}: ${stringify(found.recipe, { collectionStyle: "flow" }).trim()}`
        : `  # not found: ${found.reason.replaceAll("\n", " ")}\n  # ${name}: {model_id: ..., params: {}}`,
    );
  }
  return { yaml: `${lines.join("\n")}\n` };
}
