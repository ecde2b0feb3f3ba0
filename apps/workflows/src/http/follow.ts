import type { Request, RequestHandler, Response } from "express";

import { isOver } from "../contract/lifecycle.ts";
import { tenantOf } from "./guard.ts";
import { createNewsroom, type News, type NewsDeps, type Newsroom } from "./news.ts";
import { refuse } from "./problems.ts";
import { stateOf } from "./state.ts";

const COMMENT_EVERY_MS = 15_000;
/** Streams at once. There are twice as many connections, so that there is always room for a request. */
const MOST_STREAMS = 512;

/** True when the client asks for the workflow as a stream of events. */
export const wantsEvents = (req: Request): boolean =>
  req.method === "GET" &&
  (req.get("accept") ?? "")
    .split(",")
    .some((range) => /^\s*text\/event-stream\s*(?!.*;\s*q=0(?:\.0*)?\s*$)(?:;.*)?$/i.test(range));

export interface FollowDeps extends NewsDeps {
  /** Aborted when the service stops: streams end. */
  readonly stopping: AbortSignal;
}

/** Answers a GET that asks for events: one for the workflow as it is, one for each change, and the end after the last. */
export function followMiddleware({ workflows, changes, stopping }: FollowDeps): RequestHandler {
  const newsroom = createNewsroom({ workflows, changes });
  const streams = new Map<Response, string | null>();
  /** A tenant has half of the places: a stream can last as long as a workflow. */
  const isFull = (tenant: string | null) => {
    const theirs = [...streams.values()].filter((other) => other === tenant).length;
    return streams.size >= MOST_STREAMS || (tenant !== null && theirs >= MOST_STREAMS / 2);
  };
  return (req, res, next) => {
    if (!wantsEvents(req)) return next();
    const tenant = tenantOf(res);
    workflows
      .find(String(req.params["workflow_id"]), tenant)
      .then(async (row) => {
        // An unknown workflow is refused in one place, in JSON.
        if (!row) return next();
        if (isFull(tenant))
          return refuse(
            res,
            "overloaded",
            "Too many streams are open. Close some, or read the workflow without one.",
          );
        streams.set(res, tenant);
        res.once("close", () => streams.delete(res));
        const now = await workflows.view(row);
        follow(newsroom, row.id, { status: now.status, ...stateOf(now) }, stopping, req, res);
      })
      .catch(next);
  };
}

function follow(
  newsroom: Newsroom,
  id: string,
  first: News,
  stopping: AbortSignal,
  req: Request,
  res: Response,
): void {
  let told = req.get("last-event-id");
  // A browser reconnects after every end of a stream; 204 tells it to stop.
  if (isOver(first.status) && told === first.mark) {
    res.status(204).end();
    return;
  }
  res.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
  });
  res.flushHeaders();

  let unwatch = () => {};
  /** The latest that a slow reader has not been told: what was before it is of no interest any more. */
  let untold: News | undefined;
  const tell = (news: News) => {
    if (res.writableEnded) return;
    untold = res.writableNeedDrain ? news : undefined;
    if (untold) return;
    const { text, mark, status } = news;
    const event = mark === told ? "" : `id: ${mark}\ndata: ${text}\n\n`;
    told = mark;
    // The last event and the end go out together.
    if (isOver(status)) close(event);
    else if (event) res.write(event);
  };
  res.on("drain", () => untold && tell(untold));
  const comments = setInterval(() => {
    if (!res.writableNeedDrain) res.write(":\n\n");
  }, COMMENT_EVERY_MS);
  const stop = () => close();
  function close(last = ""): void {
    unwatch();
    clearInterval(comments);
    stopping.removeEventListener("abort", stop);
    if (!res.writableEnded) res.end(last);
  }
  res.once("close", stop);
  stopping.addEventListener("abort", stop);
  tell(first);
  if (!res.writableEnded) unwatch = newsroom.watch(id, (news) => (news ? tell(news) : close()));
  if (stopping.aborted) stop();
}
