/** How many of the items have each key. */
export function count<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  return items.reduce<Record<string, number>>((all, item) => {
    all[key(item)] = (all[key(item)] ?? 0) + 1;
    return all;
  }, {});
}
