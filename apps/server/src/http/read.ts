import { isEnded } from "@modly-runs/contract";
import type { Request, RequestHandler, Response } from "express";

import type { Reads } from "../runs/reads.ts";
import type { Runs } from "../runs/runs.ts";
import { etagOf, retryAfterOf, textOf } from "../runs/view.ts";
import type { RunRow } from "../stores/run-store.ts";
import { refusal, refuse } from "./problems.ts";
import { requestIdOf } from "./request-log.ts";

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

/** True when one of the entity tags that the client names is this one (RFC 9110, 13.1.1: strongly compared). */
function isNamed(named: string, etag: string): boolean {
  return named.split(",").some((each) => ["*", etag].includes(each.trim()));
}

/** True when one of those that it knows is this one (13.1.2: weakly compared). */
function isKnown(known: string, etag: string): boolean {
  return known === etag || isNamed(known, etag) || isNamed(known, `W/${etag}`);
}

/** A run that is longer than ASCII has to be counted and encoded; the others go out as they are. */
const NOT_ASCII = /[^\0-\x7F]/;

/** What is sent for a row: made once, then sent to every reader. */
interface Prepared {
  readonly etag: string;
  readonly text: string;
  readonly encoding: "latin1" | "utf8";
  /** Names and values of headers, one after the other, as Node writes them fastest. */
  readonly whole: readonly string[];
  readonly unchanged: readonly string[];
}
const prepared = new WeakMap<RunRow, Prepared>();

function prepare(row: RunRow, position: number | null): Prepared {
  const etag = etagOf(row, position);
  const known = prepared.get(row);
  if (known?.etag === etag) return known;
  const text = textOf(row, position);
  const isAscii = !NOT_ASCII.test(text);
  const retryAfter = retryAfterOf(row);
  const unchanged = [
    ...["ETag", etag, "Cache-Control", "no-cache", "Vary", "Accept, Origin"],
    ...["X-Content-Type-Options", "nosniff"],
    ...(retryAfter === undefined ? [] : ["Retry-After", String(retryAfter)]),
  ];
  const made: Prepared = {
    etag,
    text,
    encoding: isAscii ? "latin1" : "utf8",
    unchanged,
    whole: [
      ...unchanged,
      ...["Content-Type", "application/json; charset=utf-8"],
      ...["Content-Length", String(Buffer.byteLength(text))],
    ],
  };
  prepared.set(row, made);
  return made;
}

/** Answers with the run, or with 304 where the client has it already. */
function answer(
  req: Request,
  res: Response,
  { row, position }: { row: RunRow; position: number | null },
  seconds: number | undefined,
): void {
  const { etag, text, encoding, whole, unchanged } = prepare(row, position);
  const known = req.headers["if-none-match"];
  const isSame = known !== undefined && isKnown(known, etag);
  const headers = ["X-Request-Id", requestIdOf(res), ...(isSame ? unchanged : whole)];
  if (seconds !== undefined) headers.push("Preference-Applied", `wait=${seconds}`);
  res.writeHead(isSame ? 304 : 200, headers);
  if (isSame || req.method === "HEAD") res.end();
  else res.end(text, encoding);
}

/**
 * Reads a run: at once, only if it changed, or as soon as it has changed. One that is not there is
 * left to the contract, which also knows what no run can be called.
 */
export function readMiddleware(
  runs: Runs,
  reads: Reads,
  stopping: AbortSignal,
  secure: RequestHandler,
): RequestHandler {
  async function current(runId: string) {
    const row = await runs.get(runId);
    return row && { row, position: row.status === "pending" ? await runs.position(row) : null };
  }

  async function waitForNews(req: Request, res: Response, runId: string, seconds: number) {
    const known = req.get("if-none-match");
    const isNews = (row: RunRow, position: number | null) =>
      isEnded(row.status) || (known !== undefined && !isKnown(known, etagOf(row, position)));
    // Watch first, then look: a change in between is not missed.
    const waiting = waitFor(runs, runId, {
      ms: seconds * 1000,
      isOver: (row) => isNews(row, null),
      res,
      stopping,
    });
    try {
      const found = await current(runId);
      if (!found || isNews(found.row, found.position)) return found;
      const looking = setInterval(() => {
        void current(runId).then((now) => {
          if (!now || isNews(now.row, now.position)) waiting.stop();
        }, waiting.stop);
      }, POSITION_EVERY_MS);
      await waiting.over;
      clearInterval(looking);
      return await current(runId);
    } finally {
      waiting.stop();
    }
  }

  return (req, res, next) => {
    const runId = String(req.params["run_id"]);
    const seconds = req.headers["prefer"] === undefined ? undefined : waitOf(req);
    const read = seconds === undefined ? current(runId) : waitForNews(req, res, runId, seconds);
    read.then((found) => {
      if (!found) return next();
      reads.note(runId);
      const named = req.headers["if-match"];
      if (named !== undefined && !isNamed(named, etagOf(found.row, found.position)))
        return secure(req, res, () =>
          refuse(res, "precondition_failed", "The run is not in the state that If-Match names."),
        );
      answer(req, res, found, seconds);
    }, next);
  };
}
