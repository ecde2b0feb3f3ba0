import { isDeepStrictEqual } from "node:util";

import { bodyFault, type Exchange, isJsonType, jsonOf } from "../wire/exchange.ts";

/** The status of an answer; 0 if there was none. */
export const statusOf = (exchange: Exchange) => exchange.response?.status ?? 0;

export const isSuccess = (exchange: Exchange) =>
  statusOf(exchange) === 200 || statusOf(exchange) === 202;

export const isRefusal = (exchange: Exchange) =>
  statusOf(exchange) >= 400 && statusOf(exchange) < 500;

export const isJson = ({ response }: Exchange) =>
  response !== undefined && isJsonType(response) && jsonOf(response) !== undefined;

/** What kind of JSON a value is, as a person says it. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Why an answer is no JSON, with the place that is wrong; undefined if it is. */
export function jsonFault({ response }: Exchange): string | undefined {
  if (response === undefined) return "there is no answer";
  if (!isJsonType(response)) {
    const type = response.headers["content-type"];
    return `Content-Type is ${type ?? "missing"}, not application/json`;
  }
  if (response.body.length === 0) return "the body is empty";
  return bodyFault(response) === undefined ? undefined : "the body can't be read";
}

/**
 * Why an answer is no error body that a client can read, JSON by type and by content with a `detail`,
 * and which place is wrong; undefined if it is one.
 */
export function problemFault(exchange: Exchange): string | undefined {
  const fault = jsonFault(exchange);
  if (fault !== undefined) return fault;
  const body = jsonOf(exchange.response);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return `the body is ${kindOf(body)}, not an object with detail`;
  if (!("detail" in body)) {
    const keys = Object.keys(body);
    return `detail is missing (the keys are: ${keys.length === 0 ? "none" : keys.join(", ")})`;
  }
  const { detail } = body;
  return typeof detail === "string" || Array.isArray(detail)
    ? undefined
    : `detail is ${kindOf(detail)}, not a sentence or a list`;
}

/** An error body that a client can read. */
export const hasProblem = (exchange: Exchange) => problemFault(exchange) === undefined;

/** One line about an answer, for a report; `fault` names the place that is wrong. */
export function told(exchange: Exchange, fault?: string): string {
  const answer = answerOf(exchange);
  return fault === undefined || exchange.response === undefined ? answer : `${fault}: ${answer}`;
}

function answerOf(exchange: Exchange): string {
  const { response, failure } = exchange;
  if (response === undefined) return failure?.message ?? "no answer";
  const body = response.body.toString("utf8").replaceAll(/\s+/g, " ");
  const type = response.headers["content-type"] ?? "no type";
  const fault = bodyFault(response);
  return `${response.status} (${type})${fault === undefined ? "" : ` [${fault}]`} ${body.length > 200 ? `${body.slice(0, 200)}...` : body}`.trim();
}

/** True of an answer that only asks to come back later. */
export const isBusy = ({ response }: Exchange) =>
  response?.status === 429 || response?.status === 503;

type Body = Readonly<Record<string, unknown>> | undefined;

/** The keys in which two bodies differ, each with what it was and what it is: `step was "a", is "b"`. */
export function changes(before: Body, after: Body): string[] {
  const shown = (value: unknown) => (value === undefined ? "missing" : JSON.stringify(value));
  return Object.keys({ ...before, ...after })
    .filter((key) => !isDeepStrictEqual(before?.[key], after?.[key]))
    .map((key) => `${key} was ${shown(before?.[key])}, is ${shown(after?.[key])}`);
}
