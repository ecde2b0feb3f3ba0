import { isRunStatus } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { type Exchange, jsonOf } from "../wire/exchange.ts";
import type { Part } from "../wire/multipart.ts";

/** One request with its answer, as a report shows it. */
export type ShownExchange = {
  readonly number: number;
  readonly scenario: string;
  /** Milliseconds after the first exchange of the session, and how long the answer took. */
  readonly at_ms: number;
  readonly took_ms: number;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly no_answer?: string;
};

/** One line of a run's life: what was asked, and what it showed. */
export type TimelineEntry = {
  /** Milliseconds after the run's create was sent. */
  readonly at_ms: number;
  readonly run_id: string;
  readonly what: string;
};

/** What was seen of one check: the exchanges that show it, and the lives they are about. */
export type Evidence = {
  readonly exchanges: readonly ShownExchange[];
  readonly timeline: readonly TimelineEntry[];
};

const LONGEST_BODY = 2_000;

/** Bytes as a person can read them, cut where they get long. */
export function readable(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  const binary = text.includes("\u{FFFD}") || text.includes("\0");
  if (binary) return `(${bytes.length} bytes: ${bytes.toString("hex", 0, 24)}...)`;
  const mark = text.startsWith("\u{FEFF}") ? "(byte order mark)" : "";
  const rest = mark === "" ? text : text.slice(1);
  return mark + (rest.length > LONGEST_BODY ? `${rest.slice(0, LONGEST_BODY)}...` : rest);
}

/** A form letter by letter as it was sent; only what its parts hold is shortened to what can be read. */
function formOf(body: Buffer, parts: readonly Part[]): string {
  let rest = body;
  let text = "";
  for (const { content } of parts) {
    const bytes = Buffer.from(content);
    const at = rest.indexOf(bytes);
    if (bytes.length === 0 || at < 0) continue;
    text += rest.toString("utf8", 0, at) + readable(bytes);
    rest = rest.subarray(at + bytes.length);
  }
  return (text + rest.toString("utf8")).replaceAll("\r\n", "\n");
}

function bodyOf({ request, parts }: Exchange): string | undefined {
  if (request.body === undefined || request.body.length === 0) return undefined;
  return parts ? formOf(request.body, parts) : readable(request.body);
}

/** How an exchange is shown; the values of the configuration's own headers are not. */
export function shown(exchange: Exchange, own: readonly string[], zero: number): ShownExchange {
  const { number, scenario, request, response, failure, start, end } = exchange;
  const hidden = Object.fromEntries(own.map((name) => [name, "(hidden)"]));
  const body = bodyOf(exchange);
  return {
    number,
    scenario,
    at_ms: Math.round(start - zero),
    took_ms: Math.round(end - start),
    request: {
      method: request.method,
      path: request.path,
      headers: { ...hidden, ...request.headers },
      ...(body === undefined ? {} : { body }),
    },
    ...(response
      ? {
          response: {
            status: response.status,
            headers: response.headers,
            body: readable(response.body),
          },
        }
      : {}),
    ...(failure ? { no_answer: failure.message } : {}),
  };
}

/** The run that a create made, or that a read or a cancel is about. */
export function runOf(exchange: Exchange): string | undefined {
  const { meaning, response } = exchange;
  if ("runId" in meaning) return meaning.runId;
  if (meaning.act !== "create" || response === undefined || response.status >= 300)
    return undefined;
  const answer = jsonOf(response);
  const id = typeof answer === "object" && answer !== null && "run_id" in answer && answer.run_id;
  return typeof id === "string" ? id : undefined;
}

/** More runs than these make a story that nobody reads. */
const MOST_RUNS = 12;

type Span = { readonly runId: string; readonly start: number; readonly end: number };

function spansOf(exchanges: readonly Exchange[]): readonly Span[] {
  const spans = new Map<string, Span>();
  for (const exchange of exchanges) {
    const runId = runOf(exchange);
    if (runId === undefined) continue;
    const before = spans.get(runId);
    const start = Math.min(before?.start ?? exchange.start, exchange.start);
    spans.set(runId, { runId, start, end: Math.max(before?.end ?? 0, exchange.end) });
  }
  return [...spans.values()];
}

/** The runs a finding is about, and those of the same scenario that lived beside them. */
export function castOf(shown: readonly Exchange[], all: readonly Exchange[]): ReadonlySet<string> {
  const cast = new Set(shown.flatMap((exchange) => runOf(exchange) ?? []));
  const scenarios = new Set(shown.map(({ scenario }) => scenario));
  const spans = spansOf(all.filter(({ scenario }) => scenarios.has(scenario)));
  const ours = spans.filter(({ runId }) => cast.has(runId));
  const beside = spans.filter(({ start, end }) =>
    ours.some((one) => one.start <= end && start <= one.end),
  );
  if (beside.length <= MOST_RUNS) for (const { runId } of beside) cast.add(runId);
  return cast;
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function happening(exchange: Exchange): string {
  const { meaning, request, response, failure } = exchange;
  const status = response ? String(response.status) : (failure?.message ?? "no answer");
  if (meaning.act === "create") return `create: ${status}`;
  if (meaning.act === "cancel") {
    const answer = response ? response.body.toString("utf8").slice(0, 120) : "";
    return `${request.method === "POST" ? "cancel" : `${request.method} /cancel`}: ${status} ${answer}`.trim();
  }
  const body = runBodyOf(exchange);
  if (body === undefined) return `${request.method}: ${status}`;
  const text = [
    isRunStatus(body["status"]) ? body["status"] : JSON.stringify(body["status"]),
    JSON.stringify(body["progress"]),
    ...(body["error"] ? [`error: ${textOf(body["error"]).slice(0, 80)}`] : []),
    ...(body["output_url"] ? [textOf(body["output_url"])] : []),
  ];
  return text.join(" ");
}

const MOST_LINES = 40;

/** The lives of some runs as they were seen: each create, each cancel, each read that showed something new. */
export function timelineOf(
  exchanges: readonly Exchange[],
  runIds: ReadonlySet<string>,
): readonly TimelineEntry[] {
  const ours = exchanges
    .filter((exchange) => runIds.has(runOf(exchange) ?? ""))
    .toSorted((a, b) => a.end - b.end);
  const zero = Math.min(...ours.map(({ start }) => start));
  const last = new Map<string, string>();
  const lines = ours.flatMap((exchange) => {
    const run_id = runOf(exchange) ?? "";
    const what = happening(exchange);
    if (last.get(run_id) === what) return [];
    last.set(run_id, what);
    return [{ at_ms: Math.round(exchange.end - zero), run_id, what }];
  });
  if (lines.length <= MOST_LINES) return lines;
  const half = MOST_LINES / 2;
  return [...lines.slice(0, half), ...lines.slice(-half)];
}

/** A finding is about a life where a run was read or cancelled to make it. */
const isAboutALife = (found: readonly Exchange[]) =>
  found.some(({ meaning }) => meaning.act === "read" || meaning.act === "cancel");

/** What a report shows of one finding. */
export function evidenceOf(
  numbers: readonly number[],
  exchanges: readonly Exchange[],
  own: readonly string[],
): Evidence {
  const zero = exchanges[0]?.start ?? 0;
  const found = numbers.flatMap((number) => exchanges[number - 1] ?? []);
  const runs = castOf(found, exchanges);
  const timeline = isAboutALife(found) && runs.size > 0 ? timelineOf(exchanges, runs) : [];
  return {
    exchanges: found.map((exchange) => shown(exchange, own, zero)),
    // One line tells no story.
    timeline: timeline.length > 1 ? timeline : [],
  };
}
