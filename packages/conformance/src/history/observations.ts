import { isEnded, isRunStatus, type RunStatus } from "@modly-runs/contract";

import { type Exchange, jsonOf } from "../wire/exchange.ts";

/** Somebody learned the status of a run at some instant between start and end. */
export type Observation = {
  readonly source: "read" | "cancel";
  readonly status: RunStatus;
  readonly start: number;
  readonly end: number;
  /** Only of reads that had a number there. */
  readonly progress?: number;
  /** The whole body of a read, parsed. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly exchange: number;
};

/** All that was seen of one run. */
export type History = {
  readonly runId: string;
  readonly observations: readonly Observation[];
  /** When each cancel was sent. One that got no answer may take effect later or never. */
  readonly cancelsSentAt: readonly number[];
};

/** The body of a read of a run if it answered 200 with an object. */
export function runBodyOf(exchange: Exchange): Record<string, unknown> | undefined {
  if (exchange.meaning.act !== "read" || exchange.response?.status !== 200) return undefined;
  if (exchange.request.method !== "GET") return undefined;
  const body = jsonOf(exchange.response);
  return typeof body === "object" && body !== null && !Array.isArray(body)
    ? (body as Record<string, unknown>)
    : undefined;
}

function observationOf(exchange: Exchange, strict: boolean): Observation | undefined {
  const { start, end, number } = exchange;
  const read = runBodyOf(exchange);
  if (read !== undefined) {
    const { status, progress } = read;
    if (!isRunStatus(status)) return undefined;
    const known = typeof progress === "number" ? { progress } : {};
    return { source: "read", status, start, end, body: read, exchange: number, ...known };
  }
  if (exchange.meaning.act !== "cancel" || exchange.request.method !== "POST") return undefined;
  const code = exchange.response?.status;
  if (code !== 200 && code !== 202) return undefined;
  const answer = jsonOf(exchange.response);
  if (typeof answer !== "object" || answer === null) return undefined;
  const { status, cancelled } = answer as Record<string, unknown>;
  const said = isRunStatus(status)
    ? status
    : strict && cancelled === true
      ? "cancelled"
      : undefined;
  return said && { source: "cancel", status: said, start, end, exchange: number };
}

/**
 * The histories of all runs in a recording. Under the strict profile a cancel answer that says only
 * `cancelled: true` counts as seeing the run cancelled.
 */
export function historiesOf(exchanges: readonly Exchange[], strict: boolean): readonly History[] {
  const runs = new Map<string, { observations: Observation[]; cancelsSentAt: number[] }>();
  for (const exchange of exchanges) {
    const { meaning } = exchange;
    if ((meaning.act !== "read" && meaning.act !== "cancel") || !meaning.exact) continue;
    const run = runs.get(meaning.runId) ?? { observations: [], cancelsSentAt: [] };
    runs.set(meaning.runId, run);
    if (meaning.act === "cancel") run.cancelsSentAt.push(exchange.start);
    const observation = observationOf(exchange, strict);
    if (observation) run.observations.push(observation);
  }
  return [...runs].map(([runId, run]) => ({ runId, ...run }));
}

/** The observations that are reads. */
export function readsOf(history: History): readonly Observation[] {
  return history.observations.filter(({ source }) => source === "read");
}

/** The observations that show an end. */
export function endsOf(observations: readonly Observation[]): readonly Observation[] {
  return observations.filter(({ status }) => isEnded(status));
}
