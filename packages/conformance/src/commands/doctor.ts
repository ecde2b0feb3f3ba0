import { access } from "node:fs/promises";

import { Session } from "../session/session.ts";
import { SITUATIONS, type TargetConfig } from "../target/config.ts";
import { preflight, wireIsVerbatim } from "../target/preflight.ts";
import { findSituation } from "../target/situations.ts";
import { originOf } from "../wire/http.ts";
import type { Said } from "./run.ts";

type Line = { readonly ok: boolean; readonly text: string };

/** Looks at everything that a run depends on, and says of each what to do. Exit 0 if a run can be had. */
export async function doctor(target: TargetConfig): Promise<Said> {
  const lines: Line[] = [];
  const say = (ok: boolean, text: string) => void lines.push({ ok, text });
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  say(
    major > 20 || (major === 20 && minor >= 19),
    `Node ${process.versions.node} (20.19 or newer)`,
  );
  const bent = await wireIsVerbatim();
  say(bent === undefined, bent ?? "requests leave this machine as they are meant");
  let validator = true;
  try {
    import.meta.resolve("gltf-validator");
  } catch {
    validator = false;
  }
  lines.push({
    ok: true,
    text: validator
      ? "gltf-validator is installed: OUT-06 can be judged"
      : "gltf-validator is not installed: OUT-06 does not apply (npm install gltf-validator)",
  });
  for (const [name, recipe] of Object.entries(target.situations ?? {})) {
    if (recipe === "none" || recipe.image === undefined) continue;
    const there = await access(recipe.image).then(
      () => true,
      () => false,
    );
    say(there, `situations.${name}.image: ${recipe.image}${there ? "" : " is not there"}`);
  }
  const origin = originOf(target.base_url);
  const session =
    typeof origin === "string" ? undefined : new Session(target, origin, 1, findSituation);
  const fault = session
    ? await preflight(session)
    : typeof origin === "string"
      ? origin
      : undefined;
  say(fault === undefined, fault ?? `${target.base_url} answers, and has the three endpoints`);
  if (session && fault === undefined) {
    const told = new Set<string>();
    for (const name of SITUATIONS) {
      const found = await session.situation(name).catch((error: unknown) => ({
        ok: false as const,
        kind: "blocked" as const,
        reason: String(error),
      }));
      if (found.ok) say(true, `${name}: ${found.note}`);
      else if (told.has(found.reason)) say(false, `${name}: not tried, for the same reason`);
      else say(found.kind === "n/a", `${name}: ${found.reason}`);
      if (!found.ok) told.add(found.reason);
    }
  }
  const out = lines.map(({ ok, text }) => `${ok ? "ok   " : "WRONG"} ${text}`).join("\n");
  const sick = lines.some(({ ok }) => !ok);
  return { out: `${out}\n`, code: fault === undefined ? (sick ? 2 : 0) : 3 };
}
