import { fileURLToPath } from "node:url";

import { jsonOf } from "../wire/exchange.ts";
import { originOf, send } from "../wire/http.ts";
import type { TargetConfig } from "./config.ts";
import type { PresetName } from "./presets.ts";

const EXTENSION = fileURLToPath(new URL("../../fixtures/modly-extension", import.meta.url));

/** What brings the models of a preset into its server. */
const BRINGS = {
  "modly-runs":
    "Start the server with its test models: modly-runs-server --test-models, or from a checkout: npm run dev -- --test-models",
  modly: `Copy ${EXTENSION} into Modly's folder of extensions as modly-runs-fixture, and restart Modly`,
} as const satisfies Record<PresetName, string>;

function modelsOf(target: TargetConfig): readonly string[] {
  const { situations = {}, also = [], second_model: second } = target;
  const recipes = Object.values(situations).filter((recipe) => recipe !== "none");
  const all = [...recipes, ...also, ...(second ? [second] : [])];
  return [...new Set(all.flatMap(({ model_id }) => model_id ?? []))];
}

/**
 * A sentence if a server lists its models and those that the preset drives are not among them: every
 * create would be refused, and that says nothing of the server.
 */
export async function missingModels(
  target: TargetConfig,
  preset: PresetName,
): Promise<string | undefined> {
  const origin = originOf(target.base_url);
  if (typeof origin === "string") return undefined;
  const request = { method: "GET", path: "/model/all" };
  const { response } = await send(origin, request, target.headers ?? {}, 8_000);
  const listed = response?.status === 200 ? jsonOf(response) : undefined;
  if (!Array.isArray(listed)) return undefined;
  const there = new Set(listed.map((model: { id?: unknown } | null) => model?.id));
  const missing = modelsOf(target).filter((id) => !there.has(id));
  return missing.length === 0
    ? undefined
    : `The preset ${preset} needs the models ${missing.join(", ")}, and ${target.base_url} does not list them. ${BRINGS[preset]}. To check the models that it has, leave --preset out.`;
}
