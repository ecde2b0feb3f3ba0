/** So many are kept: some megabytes of rows. */
const MOST = 10_000;

/** What was used last, by id. The oldest goes when there are too many. */
export function createRecent<T>(most = MOST) {
  const kept = new Map<string, T>();
  return {
    get(id: string): T | undefined {
      return kept.get(id);
    },
    set(id: string, value: T): void {
      kept.delete(id);
      kept.set(id, value);
      if (kept.size <= most) return;
      const [oldest] = kept.keys();
      kept.delete(oldest!);
    },
    delete(id: string): void {
      kept.delete(id);
    },
  };
}
