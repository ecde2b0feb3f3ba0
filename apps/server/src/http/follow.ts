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

/** Sends the run, each change of it, and its end. */
async function follow(
  runs: Runs,
  first: RunRow,
  req: Request,
  res: Response,
  stopping: AbortSignal,
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
  let row = first;
  const timers: NodeJS.Timeout[] = [];
  function close(): void {
    unwatch();
    for (const timer of timers) clearInterval(timer);
    stopping.removeEventListener("abort", close);
    res.end();
  }
  function send(next: RunRow, position: number | null): void {
    if (res.writableEnded) return;
    row = next;
    if (next.revision > sent || position !== place) {
      sent = next.revision;
      place = position;
      res.write(`id: ${next.revision}\ndata: ${textOf(next, position)}\n\n`);
    }
    if (isEnded(next.status)) close();
  }
  // Changes that come while the first event is made wait for it, so that none is lost or early.
  let waiting: RunRow[] | undefined = [];
  const unwatch = runs.watch(first.runId, (next) =>
    waiting ? waiting.push(next) : send(next, next.status === "pending" ? place : null),
  );
  res.once("close", close);
  stopping.addEventListener("abort", close);
  timers.push(setInterval(() => res.write(":\n\n"), COMMENT_EVERY_MS));
  timers.push(
    setInterval(() => {
      if (row.status === "pending")
        runs.position(row).then((position) => {
          if (row.status === "pending") send(row, position);
        }, close);
    }, POSITION_EVERY_MS),
  );

  const position = await runs.position(first);
  const now = (await runs.get(first.runId)) ?? first;
  place = sent >= now.revision ? position : null;
  send(now, now.status === "pending" ? position : null);
  for (const next of waiting) if (next.revision > sent) send(next, null);
  waiting = undefined;
  if (stopping.aborted) close();
}

/** Answers a GET that asks for events; any other goes on to the JSON. */
export function followMiddleware(runs: Runs, stopping: AbortSignal): RequestHandler {
  return (req, res, next) => {
    if (!wantsEvents(req)) {
      next();
      return;
    }
    runs
      .get(String(req.params["run_id"]))
      .then((row) => {
        // An unknown run is refused in one place, in JSON.
        if (row) return follow(runs, row, req, res, stopping);
        next();
      })
      .catch(next);
  };
}
