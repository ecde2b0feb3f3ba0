/** How strongly the contract means a row: a broken MUST fails, a SHOULD warns, a MAY is noted. */
export type Level = "MUST" | "SHOULD" | "MAY";

/** A row of a requirement set, without its id. */
export type Row = {
  readonly level: Level;
  /** A few words for a list. */
  readonly title: string;
  /** What has to be seen from outside. */
  readonly rule: string;
  /** What goes wrong for people where it is not kept. */
  readonly why: string;
  /** Ids of the rules of the specification that this checks. */
  readonly of: readonly string[];
};

const row =
  (level: Level) =>
  (title: string, rule: string, why: string, ...of: string[]): Row => ({
    level,
    title,
    rule,
    why,
    of,
  });

/** A broken one fails the target. */
export const must = row("MUST");
/** A broken one is a warning. */
export const should = row("SHOULD");
/** A broken one is a note. */
export const may = row("MAY");
