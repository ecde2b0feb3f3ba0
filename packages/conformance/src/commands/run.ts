import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { writeArtifacts } from "../artifacts/write.ts";

import {
  badgeReport,
  consoleReport,
  eventsTo,
  htmlReport,
  jsonReport,
  junitReport,
  markdownReport,
  progressOn,
  resultOf,
  streamEnd,
} from "../reports/index.ts";
import {
  CHECK_IDS,
  checksOf,
  isCheckId,
  REQUIREMENTS,
  type SetName,
} from "../requirements/index.ts";
import { chosenIds, collect } from "../run.ts";
import type { SessionEvent } from "../session/events.ts";
import { loadTarget, readYaml, type TargetFlags } from "../target/load.ts";
import { applyBaseline, baselineOf, type Baseline } from "../verdict/baseline.ts";

/** Flags of `run`, as the command line names them. */
export type RunFlags = TargetFlags & {
  readonly set: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly group?: readonly string[];
  readonly baseline?: string;
  readonly allowBlocked?: boolean;
  readonly replay?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly md?: string;
  readonly html?: string;
  readonly badge?: string;
  readonly ndjson?: string;
  readonly artifacts?: string;
  readonly quiet?: boolean;
  readonly color: boolean;
};

/** What a command has to say, and how it ends. */
export type Said = { readonly out?: string; readonly err?: string; readonly code: 0 | 1 | 2 | 3 };

const usage = (err: string): Said => ({ err, code: 3 });

async function readBaseline(path: string | undefined): Promise<Baseline | string | undefined> {
  if (path === undefined) return undefined;
  const file = await readYaml(path);
  return typeof file === "string" ? file : baselineOf(file.value);
}

async function openStream(path: string): Promise<NodeJS.WritableStream> {
  if (path === "-") return process.stdout;
  await mkdir(dirname(path), { recursive: true });
  return createWriteStream(path);
}

/** Checks and groups as they were named, and for a rule of the specification its checks. */
function withRules(names: readonly string[]): readonly string[] {
  return names.flatMap((name): readonly string[] => {
    const held = checksOf(name);
    return held.length > 0 ? held : [name];
  });
}

/** Ids or groups that are neither; a typo must not shrink the run to nothing. */
function unknownChoices(names: readonly string[]): readonly string[] {
  const groups = new Set(CHECK_IDS.map((id) => id.split("-")[0]));
  return names.filter((name) => !isCheckId(name) && !groups.has(name));
}

/** Checks a target and writes the reports. */
export async function run(flags: RunFlags): Promise<Said> {
  const set = flags.set;
  if (set !== "all" && !Object.hasOwn(REQUIREMENTS, set)) {
    return usage(`There is no set ${set}; there are: ${Object.keys(REQUIREMENTS).join(", ")}, all`);
  }
  const target = await loadTarget(flags);
  if (typeof target === "string") return usage(target);
  const baseline = await readBaseline(flags.baseline);
  if (typeof baseline === "string") return usage(baseline);
  const wanted = withRules([...(flags.only ?? []), ...(flags.group ?? [])]);
  const skipped = withRules(flags.skip ?? []);
  const unknown = unknownChoices([...wanted, ...skipped]);
  if (unknown.length > 0)
    return usage(`There is no check, group or rule ${unknown.join(", ")}; see: list`);
  const options = {
    set: set as SetName | "all",
    ...(wanted.length > 0 ? { only: wanted } : {}),
    ...(flags.skip ? { skip: skipped } : {}),
    ...(flags.replay === undefined ? {} : { seed: Number(flags.replay) }),
  };
  if (options.seed !== undefined && !Number.isSafeInteger(options.seed))
    return usage("--replay needs the seed that a report shows, a whole number");
  if (chosenIds(options).length === 0) {
    return {
      err: `The set ${set} has no checks declared that these choices leave: nothing was tried, so nothing is proven.`,
      code: 2,
    };
  }
  const stream = flags.ndjson === undefined ? undefined : await openStream(flags.ndjson);
  const hears = [
    ...(flags.quiet ? [] : [progressOn(process.stderr)]),
    ...(stream ? [eventsTo((line) => stream.write(line))] : []),
  ];
  const onEvent = (event: SessionEvent) => hears.forEach((listener) => listener(event));
  const outcome = await collect(target, { ...options, onEvent });
  const applied = baseline && applyBaseline(baseline, outcome.verdicts);
  const result = resultOf(outcome, {
    target,
    set: options.set,
    allowBlocked: flags.allowBlocked ?? false,
    ...(applied ? { baseline: applied } : {}),
  });
  const reports = [
    [flags.json, jsonReport],
    [flags.junit, junitReport],
    [flags.md, markdownReport],
    [flags.html, htmlReport],
    [flags.badge, badgeReport],
  ] as const;
  for (const [path, report] of reports) {
    if (path === undefined) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, report(result));
  }
  if (stream) {
    stream.write(streamEnd(result));
    if (stream !== process.stdout)
      await new Promise((resolve) => stream.end(resolve as () => void));
  }
  if (flags.artifacts !== undefined)
    await writeArtifacts(flags.artifacts, { outcome, result, target });
  const said = consoleReport(result, { color: flags.color });
  // A stream on stdout is for programs; people read the report beside it.
  return stream === process.stdout
    ? { err: said, code: result.exit_code }
    : { out: said, code: result.exit_code };
}
