import type { Generator } from "../generators/generator.ts";

/** The model a create without better knowledge names: a back end's own choice, else the setting's, else the first. */
export function activeModel(all: readonly Generator[], defaultModel: string): string | undefined {
  const ids = all.map(({ descriptor }) => descriptor.id);
  const chosen = all.find(({ descriptor }) => descriptor.active)?.descriptor.id;
  return chosen ?? (ids.includes(defaultModel) ? defaultModel : ids[0]);
}
