import { isEnded } from "../lifecycle.ts";
import { Run } from "../run.ts";
import { open, parse, secondsOf, type Wire } from "./connection.ts";
import { type Failure, isPassing, type Outcome } from "./outcome.ts";
import { eventsOf } from "./stream.ts";

/** How to watch. */
export interface WatchOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds that the server may be away before the watch gives up. Default 60,000. */
  patience?: number | undefined;
  /** Told once when the server stops answering, before it is tried again. */
  onAway?: ((failure: Failure) => void) | undefined;
}

/** Seconds a long poll asks the server to hold its answer. */
const HOLD = 25;
/** A stream is given up after this many milliseconds without a byte; servers comment every 15 s. */
const STREAM_SILENCE = 45_000;
const POLL_SILENCE = (HOLD + 15) * 1000;
/** Pauses between polls, in milliseconds: from the first to the last while nothing changes. */
const PAUSE = { first: 150, last: 2000, growth: 1.5 };
/** A server's wish for a pause is followed up to this many seconds. */
const LONGEST_WISH = 15;

/** What is carried from one request of a watch to the next. */
interface Position {
  /** What the server turned out to speak. It is asked for a stream first. */
  way: "stream" | "poll";
  etag: string | null;
  eventId: string | undefined;
  /** The server chose when to answer, so the next request needs no pause. */
  held: boolean;
  /** Seconds the server asked pollers to wait. */
  wish: number | undefined;
}

/** One request: what it told about the run, none, one or many times. */
async function* ask(
  wire: Wire,
  path: string,
  at: Position,
  signal: AbortSignal,
): AsyncGenerator<Outcome<Run>, void, undefined> {
  at.held = false;
  at.wish = undefined;
  const opened = await open(wire, {
    path,
    signal,
    silence: at.way === "stream" ? STREAM_SILENCE : POLL_SILENCE,
    headers: at.way === "stream" ? streamHeaders(at) : pollHeaders(at),
  });
  if (!opened.ok) {
    at.wish = opened.failure.retryAfter;
    yield opened;
    return;
  }
  const connection = opened.value;
  const { status, headers } = connection.response;
  try {
    if (headers.get("content-type")?.startsWith("text/event-stream")) {
      let events = 0;
      for await (const event of eventsOf(connection)) {
        const run = parse(event.data, Run);
        if (!run.ok) break;
        events += 1;
        if (event.id !== undefined) at.eventId = event.id;
        yield run;
      }
      // A stream that tells nothing, or something else than runs, is not for us: read the run instead.
      if (events === 0) at.way = "poll";
      return;
    }
    at.wish = secondsOf(headers.get("retry-after"));
    at.held = at.way === "stream" || headers.has("preference-applied");
    at.way = "poll";
    if (status === 204 || status === 304) return;
    at.etag = headers.get("etag");
    yield parse(await connection.response.text(), Run);
  } catch (cause) {
    yield { ok: false, failure: connection.broke(cause) };
  } finally {
    connection.close();
  }
}

function streamHeaders({ eventId }: Position): Record<string, string> {
  return {
    accept: "text/event-stream, application/json;q=0.9",
    ...(eventId === undefined ? {} : { "last-event-id": eventId }),
  };
}

/** Without an ETag a server that waits would wait for the end, and nobody would see any progress. */
function pollHeaders({ etag }: Position): Record<string, string> {
  return {
    accept: "application/json",
    ...(etag === null ? {} : { "if-none-match": etag, prefer: `wait=${HOLD}` }),
  };
}

/** Yields the run at once and after each change; the last item is the ended run or a failure. */
export async function* watchRun(
  wire: Wire,
  path: string,
  { signal, patience = 60_000, onAway }: WatchOptions = {},
): AsyncGenerator<Outcome<Run>, void, undefined> {
  const left = new AbortController();
  const leave = () => left.abort();
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted) leave();

  const at: Position = {
    way: "stream",
    etag: null,
    eventId: undefined,
    held: false,
    wish: undefined,
  };
  let shown = "";
  let pause = PAUSE.first;
  /** When the server first failed to answer, while it does. */
  let awaySince: number | undefined;
  try {
    for (;;) {
      let away = false;
      for await (const told of ask(wire, path, at, left.signal)) {
        if (!told.ok) {
          away = true;
          const first = awaySince === undefined;
          awaySince ??= Date.now();
          if (!isPassing(told.failure) || Date.now() - awaySince > patience) {
            yield told;
            return;
          }
          if (first) onAway?.(told.failure);
          continue;
        }
        awaySince = undefined;
        const text = JSON.stringify(told.value);
        if (text === shown) continue;
        shown = text;
        pause = PAUSE.first;
        yield told;
        if (isEnded(told.value.status)) return;
      }
      if (!away) awaySince = undefined;
      if (at.held && !away) continue;
      await rest(Math.max(pause, Math.min(at.wish ?? 0, LONGEST_WISH) * 1000), left.signal);
      pause = Math.min(pause * PAUSE.growth, PAUSE.last);
    }
  } finally {
    leave();
    signal?.removeEventListener("abort", leave);
  }
}

/** Waits, at most a quarter longer than asked, so that many watchers do not come back at once. */
function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds * (1 + Math.random() / 4));
    signal.addEventListener("abort", done, { once: true });
  });
}
