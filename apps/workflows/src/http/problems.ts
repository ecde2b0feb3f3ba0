import type { FieldError } from "@modly-runs/contract";
import type { Response } from "express";

import { problem, type Problem, type ProblemCode, PROBLEMS } from "../contract/problems.ts";

/** Seconds after which a refused request may do better. */
const WAIT_SECONDS = 2;

/** Faults that one answer names, and characters of a sentence: what strangers sent is in them. */
const MOST_FAULTS = 100;
const MOST_WORDS = 1000;

const short = (text: string) => (text.length > MOST_WORDS ? `${text.slice(0, MOST_WORDS)}…` : text);

type Refused<C extends ProblemCode> = { status: (typeof PROBLEMS)[C]["status"]; body: Problem };

const shortened = ({ field, message }: FieldError): FieldError => ({
  field: short(field),
  message: short(message),
});

/** A refusal as data, for a handler to return; its headers are set on the way. */
export function refusal<C extends ProblemCode>(
  res: Response,
  code: C,
  detail: string,
  errors?: readonly FieldError[],
): Refused<C> {
  const wanted = res.req.accepts(["application/json", "application/problem+json"]);
  res.setHeader(
    "Content-Type",
    wanted === "application/problem+json" ? wanted : "application/json",
  );
  res.setHeader("Cache-Control", "no-store");
  if ("wait" in PROBLEMS[code]) res.setHeader("Retry-After", String(WAIT_SECONDS));
  if (code === "unauthorized") res.setHeader("WWW-Authenticate", "Bearer");
  return {
    status: PROBLEMS[code].status,
    body: problem(code, short(detail), errors?.slice(0, MOST_FAULTS).map(shortened)),
  };
}

/** Refuses from a middleware. What is left of the request's body is read and dropped. */
export function refuse(
  res: Response,
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
): void {
  if (res.headersSent || res.destroyed) return;
  const { status, body } = refusal(res, code, detail, errors);
  res.status(status).send(JSON.stringify(body));
  res.req.resume();
}

/** One sentence out of several findings. */
export function sentenceOf(errors: readonly FieldError[]): string {
  const [first, ...rest] = errors;
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more: see errors)`;
  return first ? `${first.field}: ${first.message}${more}` : "Something is wrong with the request.";
}
