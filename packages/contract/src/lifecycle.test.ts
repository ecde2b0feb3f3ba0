import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  canBecome,
  canBeSeenAfter,
  isEnded,
  isRunStatus,
  nextStatuses,
  RUN_STATUSES,
} from "./lifecycle.ts";

const status = fc.constantFrom(...RUN_STATUSES);

/** A life as it could be lived: each step picked among those the table allows. */
const life = fc.array(fc.nat(), { maxLength: 6 }).map((picks) => {
  const lived = [RUN_STATUSES[0]];
  for (const pick of picks) {
    const next = nextStatuses(lived.at(-1)!);
    if (next.length > 0) lived.push(next[pick % next.length]!);
  }
  return lived;
});

describe("the life of a run", () => {
  it("has exactly five words", () => {
    expect(RUN_STATUSES).toEqual(["pending", "running", "done", "error", "cancelled"]);
    expect(RUN_STATUSES.filter(isEnded)).toEqual(["done", "error", "cancelled"]);
  });

  it("knows its words and no others", () => {
    expect(RUN_STATUSES.every(isRunStatus)).toBe(true);
    expect(isRunStatus(["done"])).toBe(false);
    fc.assert(
      fc.property(
        fc.anything(),
        (word) => isRunStatus(word) === RUN_STATUSES.includes(word as never),
      ),
    );
    for (const word of ["canceled", "Done", "toString", "__proto__", ""])
      expect(isRunStatus(word)).toBe(false);
  });

  it("never leaves an end, and every life reaches one", () => {
    fc.assert(
      fc.property(life, status, (lived, other) => {
        const last = lived.at(-1)!;
        if (isEnded(last)) return !canBecome(last, other);
        return RUN_STATUSES.some((end) => isEnded(end) && canBeSeenAfter(last, end));
      }),
    );
  });

  it("lets an observer miss states, but never see one taken back", () => {
    fc.assert(
      fc.property(life, (lived) =>
        lived.every((earlier, i) =>
          lived.slice(i).every((later) => canBeSeenAfter(earlier, later)),
        ),
      ),
    );
    fc.assert(
      fc.property(
        status,
        status,
        (a, b) => a === b || !(canBeSeenAfter(a, b) && canBeSeenAfter(b, a)),
      ),
    );
    fc.assert(
      fc.property(
        status,
        status,
        status,
        (a, b, c) => !(canBeSeenAfter(a, b) && canBeSeenAfter(b, c)) || canBeSeenAfter(a, c),
      ),
    );
  });

  it("takes no step back to pending", () => {
    for (const from of RUN_STATUSES) expect(canBecome(from, "pending")).toBe(false);
  });
});
