import {
  type FieldError,
  type Problem,
  problem,
  type ProblemCode,
  PROBLEMS,
} from "@modly-runs/contract";
import type { Request, Response } from "express";

/** Seconds after which a refused request may do better. */
const WAIT_SECONDS = 2;

type Answer<C extends ProblemCode> = { status: (typeof PROBLEMS)[C]["status"]; body: Problem };

/** Headers that belong to any refusal with this code. */
function headersOf(req: Request, code: ProblemCode): Record<string, string> {
  const wanted = req.accepts(["application/json", "application/problem+json"]);
  return {
    // Existing clients parse application/json only; whoever asks for the other gets it.
    "Content-Type": wanted === "application/problem+json" ? wanted : "application/json",
    "Cache-Control": "no-store",
    ...("wait" in PROBLEMS[code] ? { "Retry-After": String(WAIT_SECONDS) } : {}),
    ...(code === "unauthorized" ? { "WWW-Authenticate": "Bearer" } : {}),
  };
}

/** A refusal as data, for a handler to return; its headers are set on the way. */
export function refusal<C extends ProblemCode>(
  req: Request,
  code: C,
  detail: string,
  errors?: readonly FieldError[],
): Answer<C> {
  const res = req.res;
  for (const [name, value] of Object.entries(headersOf(req, code))) res?.setHeader(name, value);
  return { status: PROBLEMS[code].status, body: problem(code, detail, errors) };
}

/** Refuses from a middleware. What is left of the request's body is read and dropped. */
export function refuse(
  res: Response,
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
): void {
  const { req } = res;
  // The answer's stream tells whether the client is there: the request's ends with its body.
  if (res.headersSent || res.destroyed) return;
  const { status, body } = refusal(req, code, detail, errors);
  res.status(status).send(JSON.stringify(body));
  req.resume();
}

/** How long a client that is cut off may take to read why, ms. */
const LINGER_MS = 1000;

/** Refuses a request whose body is still coming, and reads no more of it. */
export function cutOff(res: Response, code: ProblemCode, detail: string): void {
  const { req } = res;
  if (res.headersSent || res.destroyed) return;
  res.setHeader("Connection", "close");
  req.unpipe();
  refuse(res, code, detail);
  setTimeout(() => req.destroy(), LINGER_MS).unref();
}

/** One sentence out of several findings. */
export function sentenceOfErrors(errors: readonly FieldError[]): string {
  return errors.map(({ field, message }) => `${field} ${message.replace(/\.$/, "")}.`).join(" ");
}
