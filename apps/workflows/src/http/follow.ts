import type { Request, RequestHandler, Response } from "express";

import { isOver } from "../contract/lifecycle.ts";
import type { Workflow } from "../contract/workflow.ts";
import type { Changes } from "../workflows/changes.ts";
import type { Workflows } from "../workflows/workflows.ts";
import { tenantOf } from "./guard.ts";
import { type State, stateOf } from "./state.ts";

const COMMENT_EVERY_MS = 15_000;
/** At most so often is a workflow told anew, ms. */
const NEWS_EVERY_MS = 250;

/** True when the client asks for the workflow as a stream of events. */
export const wantsEvents = (req: Request): boolean =>
  req.method === "GET" &&
  (req.get("accept") ?? "")
    .split(",")
    .some((range) => /^\s*text\/event-stream\s*(?!.*;\s*q=0(?:\.0*)?\s*$)(?:;.*)?$/i.test(range));

export interface FollowDeps {
  readonly workflows: Workflows;
  readonly changes: Changes;
  /** Aborted when the service stops: streams end. */
  readonly stopping: AbortSignal;
}

/** Answers a GET that asks for events: one for the workflow as it is, one for each change, and the end after the last. */
export function followMiddleware(deps: FollowDeps): RequestHandler {
  const { workflows } = deps;
  return (req, res, next) => {
    if (!wantsEvents(req)) return next();
    workflows
      .find(String(req.params["workflow_id"]), tenantOf(res))
      .then(async (row) => {
        // An unknown workflow is refused in one place, in JSON.
        if (!row) return next();
        follow(deps, row.id, await workflows.view(row), req, res);
      })
      .catch(next);
  };
}

function follow(
  { workflows, changes, stopping }: FollowDeps,
  id: string,
  first: Workflow,
  req: Request,
  res: Response,
): void {
  const state = stateOf(first);
  let told = req.get("last-event-id");
  // A browser reconnects after every end of a stream; 204 tells it to stop.
  if (isOver(first.status) && told === state.mark) {
    res.status(204).end();
    return;
  }
  res.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
  });
  res.flushHeaders();

  let looking = false;
  let news = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = (status: Workflow["status"], { text, mark }: State) => {
    if (res.writableEnded) return;
    const event = mark === told ? "" : `id: ${mark}\ndata: ${text}\n\n`;
    told = mark;
    // The last event and the end go out together.
    if (isOver(status)) close(event);
    else if (event) res.write(event);
  };
  /** Looks once more after the last change, and no more often than is told. */
  const look = () => {
    news = true;
    if (looking) return;
    looking = true;
    news = false;
    workflows
      .find(id, null)
      .then(async (row) => {
        if (!row) return close();
        const now = await workflows.view(row);
        tell(now.status, stateOf(now));
      })
      .catch(() => close())
      .finally(() => {
        timer = setTimeout(() => {
          looking = false;
          if (news) look();
        }, NEWS_EVERY_MS);
      });
  };
  const unwatch = changes.subscribe(id, look);
  const comments = setInterval(() => res.write(":\n\n"), COMMENT_EVERY_MS);
  const stop = () => close();
  function close(last = ""): void {
    unwatch();
    clearInterval(comments);
    clearTimeout(timer);
    stopping.removeEventListener("abort", stop);
    if (!res.writableEnded) res.end(last);
  }
  res.once("close", stop);
  stopping.addEventListener("abort", stop);
  tell(first.status, state);
  // What changed before it was watched.
  if (!res.writableEnded) look();
  if (stopping.aborted) stop();
}
