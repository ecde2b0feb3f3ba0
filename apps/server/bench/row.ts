/** One line of the table. `met` holds the ratio, or where there is no yardstick the figure itself, against the bar. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly yardstick: number | null;
  readonly ratio: number | null;
  readonly bar: string;
  readonly met: boolean;
  /** What stands beside it without being judged. */
  readonly note?: string;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly yardstick?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly note?: string;
}

const round = (value: number) => Number(value.toPrecision(4));

/** Holds what was measured against its bar: the ratio where there is a yardstick. */
export function judge({ name, unit, ours, yardstick, atLeast, atMost, note }: Measured): Row {
  const ratio = yardstick === undefined ? null : round(ours / yardstick);
  const judged = ratio ?? ours;
  return {
    ...{
      name,
      unit,
      ours: round(ours),
      yardstick: yardstick === undefined ? null : round(yardstick),
      ratio,
    },
    bar: atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`,
    met: judged >= (atLeast ?? Number.NEGATIVE_INFINITY) && judged <= (atMost ?? Infinity),
    ...(note === undefined ? {} : { note }),
  };
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that so many percent do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
  );
}

/** Measures the sides in turn, so that what else the machine does falls on both, and gives each one's median. */
export async function interleave<Side extends string>(
  rounds: number,
  sides: Readonly<Record<Side, () => Promise<number>>>,
): Promise<Record<Side, number>> {
  const names = Object.keys(sides) as Side[];
  const found = new Map<Side, number[]>(names.map((name) => [name, []]));
  for (let count = 0; count < rounds; count++)
    for (const name of names) found.get(name)!.push(await sides[name]());
  return Object.fromEntries(names.map((name) => [name, median(found.get(name)!)])) as Record<
    Side,
    number
  >;
}
