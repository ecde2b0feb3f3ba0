import { closest, distance } from "fastest-levenshtein";
import { ZodIssueCode, type ZodIssue } from "zod";

import type { Fault } from "./finding.ts";

/** A longer word is no slip of the pen, and takes long to compare. */
const LONGEST = 100;
/** Keys of one place that are told to be unknown. */
const MOST_KEYS = 100;

/** ` Did you mean x?` where a known word is near, else the known ones if they are few. */
export function meant(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const near = word.length > LONGEST ? "" : closest(word, known);
  if (near !== "" && distance(word, near) <= Math.max(1, Math.floor(word.length / 3)))
    return ` Did you mean ${near}?`;
  return known.length <= 16 ? ` There is ${listed(known)}.` : "";
}

/** a, b and c */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** What zod found, as sentences at places. `known` gives the keys that an object of that path may have. */
export function faultsOf(
  issues: readonly ZodIssue[],
  known: (issue: ZodIssue) => readonly string[],
): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const { path } = issue;
    switch (issue.code) {
      case ZodIssueCode.unrecognized_keys:
        return issue.keys.slice(0, MOST_KEYS).map((key) => ({
          path,
          key,
          message: `${key} is not known here.${meant(key, known(issue))}`,
        }));
      case ZodIssueCode.invalid_union:
        return faultsOf(
          likeliest(
            issue.unionErrors.map((error) => error.issues),
            path.length,
          ),
          known,
        );
      case ZodIssueCode.invalid_union_discriminator:
        return [{ path, message: unknownKind(issue) }];
      case ZodIssueCode.invalid_enum_value:
        return [
          {
            path,
            message: `${JSON.stringify(issue.received)} is not one of ${listed(issue.options.map(String))}.${near(String(issue.received), issue.options.map(String))}`,
          },
        ];
      case ZodIssueCode.invalid_literal:
        return [{ path, message: `It must be ${JSON.stringify(issue.expected)}.` }];
      case ZodIssueCode.invalid_type:
        if (issue.received === "undefined" || issue.received === "null")
          return [{ path, message: `${String(path.at(-1) ?? "Everything")} is missing.` }];
        return [
          {
            path,
            message: `It must be ${article(issue.expected)}, not ${article(issue.received)}.`,
          },
        ];
      case ZodIssueCode.too_small:
      case ZodIssueCode.too_big:
        return [{ path, message: sizeOf(issue) }];
      default:
        return [
          {
            path,
            message:
              issue.code === ZodIssueCode.invalid_string && issue.validation === "url"
                ? "It must be an http or https address."
                : issue.message,
          },
        ];
    }
  });
}

const near = (word: string, known: readonly string[]) => {
  const hint = meant(word, known);
  return hint.startsWith(" Did") ? hint : "";
};

function unknownKind(issue: ZodIssue & { code: "invalid_union_discriminator" }): string {
  const options = issue.options.map(String);
  return options.includes("each")
    ? `It must say what the step uses: ${listed(options)}.`
    : `It must say what the step uses; inside each that is ${listed(options.filter((name) => name !== "each"))}.`;
}

/** The branch of a union that went deepest before it failed: the one that was meant. */
function likeliest(branches: readonly (readonly ZodIssue[])[], depth: number): readonly ZodIssue[] {
  const wrongKind = (issues: readonly ZodIssue[]) =>
    issues.some(({ code, path }) => code === ZodIssueCode.invalid_type && path.length === depth);
  return branches.find((issues) => !wrongKind(issues)) ?? branches[0] ?? [];
}

type Sized = Extract<ZodIssue, { code: "too_small" | "too_big" }>;

function sizeOf(issue: Sized): string {
  const small = issue.code === ZodIssueCode.too_small;
  const limit = String(small ? issue.minimum : issue.maximum);
  if (issue.type === "string")
    return small && limit === "1"
      ? "It must not be empty."
      : `It must have ${small ? "at least" : "at most"} ${limit} characters.`;
  if (issue.type === "array")
    return small && limit === "1"
      ? "It must not be empty."
      : `It must hold ${small ? "at least" : "at most"} ${limit}.`;
  return `It must be ${small ? (issue.inclusive ? "at least" : "more than") : issue.inclusive ? "at most" : "less than"} ${limit}.`;
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  float: "a number with a fraction",
  boolean: "true or false",
  object: "a map",
  array: "a list",
  nan: "not a number",
};
const article = (type: string) => ARTICLES[type] ?? type;
