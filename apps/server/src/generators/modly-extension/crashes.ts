/** So many crashes without a mesh in between, and the model rests. */
const MOST = 5;

/** Counts crashes in a row, so that a model that can't live is not started for ever. */
export function createCrashes(restMs: number) {
  const rows = new Map<string, { count: number; last: number }>();
  return {
    /** Milliseconds the model still rests, and after how many crashes; undefined when it may start. */
    resting(id: string): { left: number; count: number } | undefined {
      const row = rows.get(id);
      if (!row || row.count < MOST) return undefined;
      const left = row.last + restMs - performance.now();
      return left > 0 ? { left, count: row.count } : undefined;
    },
    crashed(id: string): void {
      rows.set(id, { count: (rows.get(id)?.count ?? 0) + 1, last: performance.now() });
    },
    worked(id: string): void {
      rows.delete(id);
    },
  };
}
