import { isEnded } from "@modly-runs/contract";
import type { Request, Response } from "express";

import type { Reads } from "../runs/reads.ts";
import type { Runs } from "../runs/runs.ts";
import { etagOf, retryAfterOf, viewOf } from "../runs/view.ts";
import type { RunRow } from "../stores/run-store.ts";
import { refusal } from "./problems.ts";

const MAX_WAIT_SECONDS = 60;
/** A run's place in the queue changes without a word from the run itself, so a wait looks now and then. */
const POSITION_EVERY_MS = 1000;

/** Seconds the client is ready to wait (RFC 7240), at most 60. */
function waitOf(req: Request): number | undefined {
  const found = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?=$|[,;])/i.exec(req.get("prefer") ?? "");
  return found ? Math.min(Number(found[1]), MAX_WAIT_SECONDS) : undefined;
}

/** Resolves when `isOver` says so of a change, when the time is up, or when the client or the server goes. */
function waitFor(
  runs: Runs,
  runId: string,
  {
    ms,
    isOver,
    res,
    stopping,
  }: { ms: number; isOver: (row: RunRow) => boolean; res: Response; stopping: AbortSignal },
): { over: Promise<void>; stop: () => void } {
  let stop = () => {};
  const over = new Promise<void>((resolve) => {
    const unwatch = runs.watch(runId, (row) => isOver(row) && stop());
    const timer = setTimeout(() => stop(), ms);
    stop = () => {
      unwatch();
      clearTimeout(timer);
      res.off("close", stop);
      stopping.removeEventListener("abort", stop);
      resolve();
    };
    res.once("close", stop);
    stopping.addEventListener("abort", stop);
    if (stopping.aborted) stop();
  });
  return { over, stop };
}

/** Why there is no run with this id. */
export async function noSuchRun(runs: Runs, req: Request, runId: string) {
  return refusal(
    req,
    "run_not_found",
    (await runs.isRetired(runId))
      ? "This run was retired with its mesh: this server keeps ended runs for a limited time or size."
      : "There is no run with this id. It may have been removed, or belong to another server.",
  );
}

/** Reads a run: at once, only if it changed, or as soon as it has changed. */
export function readHandler(runs: Runs, reads: Reads, stopping: AbortSignal) {
  return async ({
    req,
    res,
    params,
  }: {
    req: Request;
    res: Response;
    params: { run_id: string };
  }) => {
    const runId = params.run_id;
    const seconds = waitOf(req);
    const known = req.get("if-none-match");

    async function current() {
      const row = await runs.get(runId);
      return row && { row, position: await runs.position(row) };
    }
    const isNews = (row: RunRow, position: number | null) =>
      known === undefined
        ? isEnded(row.status)
        : isEnded(row.status) || !known.includes(etagOf(row, position));

    // Watch first, then look: a change in between is not missed.
    const waiting =
      seconds === undefined
        ? undefined
        : waitFor(runs, runId, {
            ms: seconds * 1000,
            isOver: (row) => isNews(row, null),
            res,
            stopping,
          });
    let found = await current();
    if (found && waiting && !isNews(found.row, found.position)) {
      const looking = setInterval(() => {
        void current().then((now) => {
          if (!now || isNews(now.row, now.position)) waiting.stop();
        }, waiting.stop);
      }, POSITION_EVERY_MS);
      await waiting.over;
      clearInterval(looking);
      found = await current();
    }
    waiting?.stop();
    if (!found) return noSuchRun(runs, req, runId);
    reads.note(runId);

    const { row, position } = found;
    res.setHeader("ETag", etagOf(row, position));
    res.setHeader("Cache-Control", "no-cache");
    res.vary("Accept");
    if (seconds !== undefined) res.setHeader("Preference-Applied", `wait=${seconds}`);
    const retryAfter = retryAfterOf(row);
    if (retryAfter !== undefined) res.setHeader("Retry-After", String(retryAfter));
    return req.fresh
      ? { status: 304 as const, body: undefined }
      : { status: 200 as const, body: viewOf(row, position) };
  };
}
