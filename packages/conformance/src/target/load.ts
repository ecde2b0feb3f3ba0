import { readFile } from "node:fs/promises";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

import type { TargetConfig } from "./config.ts";
import { missingModels } from "./preset-models.ts";
import { isPreset, PRESETS } from "./presets.ts";
import { faultsOf } from "./settings.ts";

/** What the command line says of the target. */
export type TargetFlags = {
  readonly url?: string;
  readonly config?: string;
  readonly preset?: string;
  readonly model?: string;
  /** `Name: value`, as often as needed. */
  readonly header?: readonly string[];
  /** A number, or auto. */
  readonly timeScale?: string;
  /** Plays rounds too. */
  readonly thorough?: boolean;
  /** A command of the shell: ends the server and starts it again. */
  readonly restart?: string;
};

/** A YAML file that was read: its value, and the line of a place in it. */
export type Yaml = {
  readonly value: unknown;
  readonly lineOf: (path: readonly (string | number)[]) => number | undefined;
};

/** Reads a YAML file, or says in a sentence why it can't be read, with the line. */
export async function readYaml(path: string): Promise<Yaml | string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `${path} can't be read: ${code === "ENOENT" ? "there is no such file" : String(error)}`;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) {
    const { line } = lines.linePos(broken.pos[0]);
    return `${path}:${line} is not YAML: ${broken.message}\n${quoted(text, line)}`;
  }
  return {
    value: document.toJS() as unknown,
    lineOf: (at) => lineIn(document.contents, at, lines),
  };
}

/** A line of a file as an error shows it. */
function quoted(text: string, line: number): string {
  return `  ${String(line).padStart(4)} | ${text.split(/\r?\n/)[line - 1] ?? ""}`;
}

/** The line of the last key of a path that is in the document. */
function lineIn(
  contents: unknown,
  path: readonly (string | number)[],
  lines: LineCounter,
): number | undefined {
  let [node, line]: [unknown, number | undefined] = [contents, undefined];
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (!isScalar(pair?.key) || !pair.key.range) return line;
      line = lines.linePos(pair.key.range[0]).line;
      node = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      const item = node.items[key];
      if (isScalar(item) && item.range) line = lines.linePos(item.range[0]).line;
      node = item;
    }
  }
  return line;
}

function headersOf(lines: readonly string[]): Record<string, string> | string {
  const entries = lines.map((line) => /^([^:\s]+):\s*(.*)$/.exec(line));
  if (entries.includes(null)) return "--header needs the form 'Name: value'";
  return Object.fromEntries(entries.map((match) => [match?.[1] ?? "", match?.[2] ?? ""]));
}

/**
 * Puts preset, file and flags together, the later ones winning; a sentence if that gives no target, or
 * if the server lacks the models of the preset.
 */
export async function loadTarget(flags: TargetFlags): Promise<TargetConfig | string> {
  const target = await mergedTarget(flags);
  const { preset } = flags;
  if (typeof target === "string" || preset === undefined || !isPreset(preset)) return target;
  return (await missingModels(target, preset)) ?? target;
}

async function mergedTarget(flags: TargetFlags): Promise<TargetConfig | string> {
  const { url, config, preset, model, header = [], timeScale, restart, thorough } = flags;
  if (preset !== undefined && !isPreset(preset)) {
    return `There is no preset ${preset}; there are: ${Object.keys(PRESETS).join(", ")}`;
  }
  const file = config === undefined ? undefined : await readYaml(config);
  if (typeof file === "string") return file;
  const headers = headersOf(header);
  if (typeof headers === "string") return headers;
  const wrong = file === undefined ? [] : faultsOf(file.value ?? {});
  if (wrong.length > 0) {
    const rows = wrong.map(({ path, message }) => {
      const line = file?.lineOf(path);
      return `  ${config}${line === undefined ? "" : `:${line}`} ${message}`;
    });
    return `The configuration is not right:\n${rows.join("\n")}`;
  }
  const base: Partial<TargetConfig> = {
    ...(preset ? PRESETS[preset] : {}),
    ...(file?.value as Partial<TargetConfig> | undefined),
  };
  const merged: Partial<TargetConfig> = {
    ...base,
    ...(url === undefined ? {} : { base_url: url }),
    ...(header.length > 0 ? { headers: { ...base.headers, ...headers } } : {}),
    ...(model === undefined
      ? {}
      : { situations: { ...base.situations, succeeds: { model_id: model } } }),
    ...(restart === undefined ? {} : { hooks: { restart: { command: restart } } }),
    ...(thorough === undefined ? {} : { thorough }),
    ...(timeScale === undefined
      ? {}
      : { time_scale: timeScale === "auto" ? timeScale : Number(timeScale) }),
  };
  if (merged.base_url === undefined)
    return "Which server? Give --url http://host:port, or base_url in a --config file.";
  const faults = faultsOf(merged);
  return faults.length > 0
    ? `The configuration is not right: ${faults.map(({ message }) => message).join("; ")}.`
    : (merged as TargetConfig);
}
