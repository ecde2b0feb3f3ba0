import { isEnded } from "@modly-runs/contract";
import type { Request, RequestHandler, Response } from "express";

import type { Runs } from "../runs/runs.ts";
import { textOf } from "../runs/view.ts";
import type { RunRow } from "../stores/run-store.ts";

const COMMENT_EVERY_MS = 15_000;
const POSITION_EVERY_MS = 1000;

/** True when the client asks for the run as a stream of events. */
export function wantsEvents(req: Request): boolean {
  const accepted = (req.get("accept") ?? "").split(",").map((range) => range.split(";"));
  return (
    req.method === "GET" &&
    accepted.some(
      ([type = "", ...parameters]) =>
        type.trim().toLowerCase() === "text/event-stream" &&
        !parameters.some((parameter) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(parameter)),
    )
  );
}

/** An event, as it goes over the wire: made once for a state of a run, written to all who watch it. */
const written = new WeakMap<RunRow, { readonly position: number | null; readonly bytes: Buffer }>();

function eventOf(row: RunRow, position: number | null): Buffer {
  const known = written.get(row);
  if (known?.position === position) return known.bytes;
  const bytes = Buffer.from(`id: ${row.revision}\ndata: ${textOf(row, position)}\n\n`);
  written.set(row, { position, bytes });
  return bytes;
}

const COMMENT = Buffer.from(":\n\n");

/** One client that is told of one run. */
interface Stream {
  /** The run as the client knows it, with its place in the queue. */
  row: RunRow;
  send(row: RunRow, position: number | null): void;
  comment(): void;
  close(): void;
}

/** The streams that are open. They share their clocks: there may be thousands. */
function createStreams(runs: Runs, stopping: AbortSignal) {
  const open = new Set<Stream>();
  let clocks: NodeJS.Timeout[] = [];

  /** A run's place in the queue changes without a word from the run itself. */
  function tellPlaces(): void {
    const places = new Map<RunRow, Promise<number | null>>();
    for (const stream of open) {
      const { row } = stream;
      if (row.status !== "pending") continue;
      const place = places.get(row) ?? runs.position(row);
      places.set(row, place);
      place.then((position) => {
        if (stream.row === row) stream.send(row, position);
      }, stream.close);
    }
  }
  function comment(): void {
    for (const stream of open) stream.comment();
  }
  stopping.addEventListener("abort", () => open.forEach((stream) => stream.close()));

  return {
    areOver: () => stopping.aborted,
    add(stream: Stream): void {
      open.add(stream);
      if (clocks.length === 0)
        clocks = [
          setInterval(comment, COMMENT_EVERY_MS),
          setInterval(tellPlaces, POSITION_EVERY_MS),
        ];
    },
    remove(stream: Stream): void {
      open.delete(stream);
      if (open.size > 0) return;
      clocks.forEach(clearInterval);
      clocks = [];
    },
  };
}

/** Sends the run, each change of it, and its end. */
async function follow(
  runs: Runs,
  streams: ReturnType<typeof createStreams>,
  first: RunRow,
  req: Request,
  res: Response,
) {
  const id = req.get("last-event-id") ?? "";
  // An id that this run never had tells nothing.
  const told = /^\d{1,15}$/.test(id) && Number(id) <= first.revision ? Number(id) : 0;
  // A browser reconnects after every end of a stream; 204 tells it to stop.
  if (isEnded(first.status) && told === first.revision) {
    res.status(204).end();
    return;
  }
  res.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
  });
  // Whoever has seen everything so far waits for news, not for the answer to begin.
  res.flushHeaders();

  let sent = told;
  let place: number | null = null;
  const stream: Stream = {
    row: first,
    send(next, position) {
      if (res.writableEnded) return;
      stream.row = next;
      const isNews = next.revision > sent || position !== place;
      sent = Math.max(sent, next.revision);
      place = position;
      const event = isNews ? eventOf(next, position) : undefined;
      // The last event and the end go out together.
      if (isEnded(next.status)) close(event);
      else if (event) res.write(event);
    },
    comment: () => void res.write(COMMENT),
    close: () => close(),
  };
  function close(last?: Buffer): void {
    unwatch();
    streams.remove(stream);
    if (last) res.end(last);
    else res.end();
  }
  // Changes that come while the first event is made wait for it, so that none is lost or early.
  let waiting: RunRow[] | undefined = [];
  const unwatch = runs.watch(first.runId, (next) =>
    waiting ? waiting.push(next) : stream.send(next, next.status === "pending" ? place : null),
  );
  streams.add(stream);
  res.once("close", stream.close);

  const position = await runs.position(first);
  const now = (await runs.get(first.runId)) ?? first;
  place = sent >= now.revision ? position : null;
  stream.send(now, now.status === "pending" ? position : null);
  for (const next of waiting) if (next.revision > sent) stream.send(next, null);
  waiting = undefined;
  if (streams.areOver()) stream.close();
}

/** Answers a GET that asks for events; any other goes on to the JSON. */
export function followMiddleware(runs: Runs, stopping: AbortSignal): RequestHandler {
  const streams = createStreams(runs, stopping);
  return (req, res, next) => {
    if (!wantsEvents(req)) {
      next();
      return;
    }
    runs
      .get(String(req.params["run_id"]))
      .then((row) => {
        // An unknown run is refused in one place, in JSON.
        if (row) return follow(runs, streams, row, req, res);
        next();
      })
      .catch(next);
  };
}
