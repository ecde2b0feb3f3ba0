import { type Document, isAlias, LineCounter, parseDocument, visit } from "yaml";

import { check } from "./check.ts";
import { type Fault, type Finding, locate, type Path } from "./finding.ts";
import { KINDS, KIND_NAMES, type KindName } from "./kinds.ts";
import { TRANSFORM_NAMES } from "./mapping.ts";
import { Definition } from "./schema.ts";
import { faultsOf, meant } from "./words.ts";

/** The largest definition that is read, bytes. */
const LARGEST = 1024 * 1024;

/** What is wrong with the form is told so often: each of them costs a search for what was meant. */
const MOST_ISSUES = 1000;

/** A change to a definition before it is checked: a value at a path. */
export interface Change {
  readonly path: Path;
  readonly value: unknown;
}

/** A definition that holds together, and where its parts are. */
export interface ReadFlow {
  readonly definition: Definition;
  /** Says where a fault lies that was found later. */
  locate(fault: Fault): Finding;
}

export type ReadOutcome =
  | { readonly ok: true; readonly value: ReadFlow }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/**
 * Reads a definition, YAML or JSON, and says everything that is wrong with it, with line and column.
 *
 * @param change is made after the text was read and before it is checked; it gives changes, or what is wrong with them.
 */
export function readFlow(
  text: string,
  change: (raw: unknown) => readonly Change[] | string = () => [],
): ReadOutcome {
  if (Buffer.byteLength(text) > LARGEST) return only("A definition has at most 1 MiB.");
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  // What follows a slip of the pen is mostly the same slip.
  const wrong = doc.errors.slice(0, 1).map(({ pos: [offset], message }): Finding => {
    const { line, col: column } = lines.linePos(offset);
    return { line, column, path: "", message: `This is no YAML: ${sentence(message)}` };
  });
  if (wrong.length > 0) return { ok: false, findings: wrong };
  if (doc.contents === null) return only("The definition is empty.");
  if (hasAliases(doc)) return only("Aliases (*name) are not read here: write the value again.");
  const changes = change(doc.toJS());
  if (typeof changes === "string") return only(changes);
  for (const { path, value } of changes) doc.setIn([...path], doc.createNode(value));
  const faults = faultsIn(doc.toJS());
  if (Array.isArray(faults))
    return {
      ok: false,
      findings: faults
        .map((fault) => locate(doc, lines, fault))
        .sort((a, b) => a.line - b.line || a.column - b.column)
        .filter((one, at, all) => at === 0 || JSON.stringify(one) !== JSON.stringify(all[at - 1])),
    };
  return {
    ok: true,
    value: { definition: faults, locate: (fault) => locate(doc, lines, fault) },
  };
}

const only = (message: string): ReadOutcome => ({
  ok: false,
  findings: [{ line: 1, column: 1, path: "", message }],
});

/** Anything as a definition, or its faults: those of its form, and of what it means as far as that can be told. */
export function faultsIn(raw: unknown): Definition | Fault[] {
  const parsed = Definition.safeParse(raw);
  if (parsed.success) {
    const faults = check(parsed.data);
    return faults.length > 0 ? faults : parsed.data;
  }
  const form = faultsOf(parsed.error.issues.slice(0, MOST_ISSUES), ({ path }) =>
    knownAt(path, raw),
  ).map((fault) => better(fault, raw));
  const rest = Definition.safeParse(without(raw, form));
  if (!rest.success) return form;
  const areas = form.map(({ path }) => areaOf(path));
  const within = (path: Path, area: Path) => area.every((part, at) => part === path[at]);
  return [
    ...form,
    ...check(rest.data).filter(({ path }) => !areas.some((area) => within(path, area))),
  ];
}

/** A copy in which what is wrong is left out. */
function without(raw: unknown, faults: readonly Fault[]): unknown {
  const copy = structuredClone(raw);
  for (const { path, key } of faults) {
    const [last, ...way] = [...path, ...(key === undefined ? [] : [key])].toReversed();
    const holder = valueAt(copy, way.toReversed());
    // What is left out of a list would move the rest.
    if (typeof last === "string" && typeof holder === "object" && holder !== null)
      delete (holder as Record<string, unknown>)[last];
  }
  return copy;
}

/** Where nothing more can be told, because a part of it was left out: a step, or what stands alone in it. */
function areaOf(path: Path): Path {
  const at = path.lastIndexOf("steps");
  if (at === -1) return path;
  const alone = ["with", "retries", "timeout", "locked"].includes(String(path[at + 2]));
  return path.slice(0, at + (alone ? 3 : 2));
}

/** The keys that are known at a path: of a step they depend on what it uses. */
function knownAt(path: Path, raw: unknown): readonly string[] {
  const last = path.at(-1);
  if (path.length === 0) return Object.keys(Definition.shape);
  if (last === "with") return Object.keys(kindAt(path.slice(0, -1), raw)?.params.shape ?? {});
  if (last === "fallback") return ["uses", "with"];
  if (path.at(-2) === "steps")
    return [
      "id",
      "uses",
      "with",
      "inputs",
      "needs",
      "retries",
      "fallback",
      "locked",
      "timeout",
      "over",
      "steps",
      "outputs",
    ];
  if (path.at(-2) === "servers") return ["url", "token_env"];
  if (path.at(-2) === "inputs" && path.length === 2) return ["type", "many", "default", "about"];
  return ["from", "only", ...TRANSFORM_NAMES];
}

function kindAt(path: Path, raw: unknown) {
  const uses = valueAt(raw, [...path, "uses"]);
  return typeof uses === "string" && Object.hasOwn(KINDS, uses)
    ? KINDS[uses as KindName]
    : undefined;
}

/** Says more of what a step uses than a schema can. */
function better(fault: Fault, raw: unknown): Fault {
  if (fault.path.at(-1) !== "uses" || fault.path.at(-2) === "fallback") return fault;
  const uses = valueAt(raw, fault.path);
  if (typeof uses !== "string") return fault;
  const nested = fault.path.filter((part) => part === "steps").length > 1;
  if (nested && uses === "each") return { ...fault, message: "each can't be inside each." };
  const known = nested ? KIND_NAMES : ["each", ...KIND_NAMES];
  return {
    ...fault,
    message: `There is no kind of step ${JSON.stringify(uses)}.${meant(uses, known)}`,
  };
}

function valueAt(raw: unknown, path: Path): unknown {
  let at = raw;
  for (const part of path)
    at =
      typeof at === "object" && at !== null
        ? (at as Record<string | number, unknown>)[part]
        : undefined;
  return at;
}

function hasAliases(doc: Document): boolean {
  let found = false;
  visit(doc, (_key, node) => {
    if (isAlias(node)) found = true;
    return found ? visit.BREAK : undefined;
  });
  return found;
}

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);
