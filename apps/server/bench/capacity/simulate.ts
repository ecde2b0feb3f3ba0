/** Runs as they come: when, and how long each works. Milliseconds. */
export interface Load {
  readonly arrivals: readonly number[];
  readonly workMs: readonly number[];
}

/** What takes them on. */
export interface Plant {
  /** Runs at once, over all workers. */
  readonly places: number;
  /** From a place that is free, and a run that waits, until it begins, ms. The place is taken meanwhile. */
  readonly beginMs: number;
  /** From the end of the work until the place is free again, ms: checking, storing, telling. */
  readonly endMs: number;
}

export interface SimulatedRun {
  readonly arrivedAt: number;
  /** When its work begins. */
  readonly beganAt: number;
  readonly endedAt: number;
}

export interface Simulated {
  /** In the order in which they came. */
  readonly runs: readonly SimulatedRun[];
  /** Until the last run has ended, ms. */
  readonly untilMs: number;
  /** Of all that the places could have worked, how much they were taken. */
  readonly utilisation: number;
  /** Runs in the system on average over that time: those that wait and those at work. */
  readonly inSystem: number;
  readonly mostWaiting: number;
}

/** The place that is free first, in a binary heap. */
function createPlaces(count: number) {
  const heap = new Float64Array(count);
  return {
    first: () => heap[0]!,
    /** The one that is free first is taken until then. */
    take(until: number) {
      let at = 0;
      for (;;) {
        const left = 2 * at + 1;
        if (left >= count) break;
        const child = left + 1 < count && heap[left + 1]! < heap[left]! ? left + 1 : left;
        if (heap[child]! >= until) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = until;
    },
  };
}

/** Runs in the system over time, counted at every coming and going. */
function count(comings: readonly number[], goings: readonly number[]) {
  let [came, went, area, at, most] = [0, 0, 0, 0, 0];
  while (went < goings.length) {
    const isComing = came < comings.length && comings[came]! <= goings[went]!;
    const next = isComing ? comings[came]! : goings[went]!;
    area += (came - went) * (next - at);
    at = next;
    if (isComing) came++;
    else went++;
    most = Math.max(most, came - went);
  }
  return { area, most };
}

const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);

/** Who came first begins first, on whatever place is free first: as the queue of one model does. */
export function simulate({ arrivals, workMs }: Load, { places, beginMs, endMs }: Plant): Simulated {
  const free = createPlaces(places);
  let taken = 0;
  const runs = arrivals.map((arrivedAt, nth) => {
    const picked = Math.max(arrivedAt, free.first());
    const beganAt = picked + beginMs;
    const endedAt = beganAt + workMs[nth]! + endMs;
    free.take(endedAt);
    taken += endedAt - picked;
    return { arrivedAt, beganAt, endedAt };
  });
  const ends = ascending(runs.map(({ endedAt }) => endedAt));
  const untilMs = ends.at(-1) ?? 0;
  const { area } = count(arrivals, ends);
  const { most } = count(arrivals, ascending(runs.map(({ beganAt }) => beganAt)));
  return {
    ...{ runs, untilMs, mostWaiting: most },
    utilisation: untilMs === 0 ? 0 : taken / (places * untilMs),
    inSystem: untilMs === 0 ? 0 : area / untilMs,
  };
}

/** What is on the shelves at most when each run leaves so many bytes for so long after its end. */
export function mostKept(
  { runs }: Simulated,
  keepMs: number,
  bytesEach: number,
): { readonly runs: number; readonly bytes: number } {
  const ends = ascending(runs.map(({ endedAt }) => endedAt));
  const { most } = count(
    ends,
    ends.map((endedAt) => endedAt + keepMs),
  );
  return { runs: most, bytes: most * bytesEach };
}
