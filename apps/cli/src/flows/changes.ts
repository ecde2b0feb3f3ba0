import type { Change, Path } from "@modly-runs/flows";

import { type FlowOptions, pairOf } from "./options.ts";

interface RawStep {
  id?: unknown;
  steps?: unknown;
}

/** What `--set`, `--lock` and `--server` change in a definition, or a sentence about one that fits nothing. */
export function changesOf(
  raw: unknown,
  { set = [], lock = [], server = {} }: FlowOptions,
): Change[] | string {
  const places = placesOf((raw as { steps?: unknown } | null)?.steps, ["steps"], "");
  const changes: Change[] = [];
  for (const text of set) {
    const [address, value] = pairOf(text) ?? [text, undefined];
    const [step = "", ...param] = address.split(".");
    if (value === undefined || param.length === 0)
      return `--set ${text} must be step.param=value, such as mesh.model=builtin/relief.`;
    const place = placeOf(step, places);
    if (typeof place === "string") return `--set ${text}: ${place}`;
    changes.push({ path: [...place, "with", ...param], value: jsonOr(value) });
  }
  for (const step of lock) {
    const place = placeOf(step, places);
    if (typeof place === "string") return `--lock ${step}: ${place}`;
    changes.push({ path: [...place, "locked"], value: true });
  }
  for (const [name, urls] of Object.entries(server))
    changes.push({ path: ["servers", name, "url"], value: urls.at(-1) });
  return changes;
}

/** Where the steps are, by `id`, and by `each/id` for those inside. */
function placesOf(steps: unknown, path: Path, before: string): Map<string, Path[]> {
  const places = new Map<string, Path[]>();
  for (const [at, step] of (Array.isArray(steps) ? (steps as (RawStep | null)[]) : []).entries()) {
    const id = String(step?.id);
    const here = [...path, at];
    for (const name of new Set([id, before + id]))
      places.set(name, [...(places.get(name) ?? []), here]);
    for (const [name, inside] of placesOf(step?.steps, [...here, "steps"], `${id}/`))
      places.set(name, [...(places.get(name) ?? []), ...inside]);
  }
  return places;
}

function placeOf(step: string, places: ReadonlyMap<string, Path[]>): Path | string {
  const [found, ...others] = places.get(step) ?? [];
  if (!found) return `the flow has no step ${step}. It has ${[...places.keys()].join(", ")}.`;
  return others.length === 0 ? found : `several steps are called ${step}. Say EACH/${step}.`;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
