import { type CheckId, CHECKS } from "../requirements/index.ts";
import { BROKEN, type Finding, type Obstacle, type Verdict } from "./verdict.ts";

type Entry = { passes: number; broken: Finding[]; obstacles: Obstacle[] };

/** Collects findings by check until a verdict is asked for. */
export class Ledger {
  private readonly entries = new Map<CheckId, Entry>();
  private readonly onBroken: (id: CheckId, finding: Finding) => void;

  /** `onBroken` hears of the first deviation of each check. */
  constructor(onBroken: (id: CheckId, finding: Finding) => void = () => {}) {
    this.onBroken = onBroken;
  }

  private entry(id: CheckId): Entry {
    const entry = this.entries.get(id) ?? { passes: 0, broken: [], obstacles: [] };
    this.entries.set(id, entry);
    return entry;
  }

  add(id: CheckId, finding: Finding): void {
    const entry = this.entry(id);
    if (finding.ok) entry.passes += 1;
    else if (entry.broken.push(finding) === 1) this.onBroken(id, finding);
  }

  obstruct(id: CheckId, obstacle: Obstacle): void {
    this.entry(id).obstacles.push(obstacle);
  }

  /** True once anything at all was seen of this check. */
  hasEvidence(id: CheckId): boolean {
    const entry = this.entries.get(id);
    return entry !== undefined && (entry.passes > 0 || entry.broken.length > 0);
  }

  /** True once a deviation was seen. */
  isBroken(id: CheckId): boolean {
    return (this.entries.get(id)?.broken.length ?? 0) > 0;
  }

  /** A broken finding outweighs any pass; an obstacle counts only where nothing was seen. */
  verdict(id: CheckId): Verdict {
    const { level, title } = CHECKS[id];
    const { passes, broken, obstacles } = this.entry(id);
    const base = { id, level, title, evidence: passes + broken.length };
    const harness = obstacles.find(({ kind }) => kind === "harness-error");
    if (harness) return { ...base, status: "harness-error", reason: harness.reason };
    const [first, ...others] = broken;
    if (first) {
      const { expected, observed, exchanges } = first;
      return {
        ...base,
        status: BROKEN[level],
        ...(expected === undefined ? {} : { expected }),
        ...(observed === undefined ? {} : { observed }),
        ...(exchanges === undefined ? {} : { exchanges }),
        ...(others.length === 0 ? {} : { others }),
      };
    }
    if (passes > 0) return { ...base, status: "pass" };
    const blocked = obstacles.find(({ kind }) => kind === "blocked") ?? obstacles[0];
    return blocked === undefined
      ? { ...base, status: "blocked", reason: "nothing was seen that this check could judge" }
      : { ...base, status: blocked.kind, reason: blocked.reason };
  }
}
