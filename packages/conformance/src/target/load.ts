import { readFile } from "node:fs/promises";
import { parse } from "yaml";

import { configFaults, type TargetConfig } from "./config.ts";
import { isPreset, PRESETS } from "./presets.ts";

/** What the command line says of the target. */
export type TargetFlags = {
  readonly url?: string;
  readonly config?: string;
  readonly preset?: string;
  readonly model?: string;
  /** `Name: value`, as often as needed. */
  readonly header?: readonly string[];
};

/** Reads a YAML file, or says in a sentence why it can't be read. */
export async function readYaml(path: string): Promise<{ value: unknown } | string> {
  try {
    return { value: parse(await readFile(path, "utf8")) as unknown };
  } catch (error) {
    return `${path} can't be read as YAML: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
  }
}

function headersOf(lines: readonly string[]): Record<string, string> | string {
  const entries = lines.map((line) => /^([^:\s]+):\s*(.*)$/.exec(line));
  if (entries.includes(null)) return "--header needs the form 'Name: value'";
  return Object.fromEntries(entries.map((match) => [match?.[1] ?? "", match?.[2] ?? ""]));
}

/** Puts preset, file and flags together, the later ones winning; a sentence if that gives no target. */
export async function loadTarget(flags: TargetFlags): Promise<TargetConfig | string> {
  const { url, config, preset, model, header = [] } = flags;
  if (preset !== undefined && !isPreset(preset)) {
    return `There is no preset ${preset}; there are: ${Object.keys(PRESETS).join(", ")}`;
  }
  const file = config === undefined ? { value: {} } : await readYaml(config);
  if (typeof file === "string") return file;
  const headers = headersOf(header);
  if (typeof headers === "string") return headers;
  if (typeof file.value !== "object" || file.value === null)
    return `${config} is empty or no mapping`;
  const base: Partial<TargetConfig> = { ...(preset ? PRESETS[preset] : {}), ...file.value };
  const merged: Partial<TargetConfig> = {
    ...base,
    ...(url === undefined ? {} : { base_url: url }),
    ...(header.length > 0 ? { headers: { ...base.headers, ...headers } } : {}),
    ...(model === undefined
      ? {}
      : { situations: { ...base.situations, succeeds: { model_id: model } } }),
  };
  if (merged.base_url === undefined)
    return "Which server? Give --url http://host:port, or base_url in a --config file.";
  const faults = configFaults(merged);
  return faults.length > 0
    ? `The configuration is not right: ${faults.join("; ")}.`
    : (merged as TargetConfig);
}
