import { AnyProblem } from "@modly-runs/contract";
import { isDeepStrictEqual } from "node:util";

import { bodyFault, type Exchange, isJsonType, jsonOf } from "../wire/exchange.ts";

/** The status of an answer; 0 if there was none. */
export const statusOf = (exchange: Exchange) => exchange.response?.status ?? 0;

export const isSuccess = (exchange: Exchange) =>
  statusOf(exchange) === 200 || statusOf(exchange) === 202;

export const isRefusal = (exchange: Exchange) =>
  statusOf(exchange) >= 400 && statusOf(exchange) < 500;

/** An error body that a client can read: JSON by type and by content, with a detail. */
export const hasProblem = ({ response }: Exchange) =>
  response !== undefined && isJsonType(response) && AnyProblem.safeParse(jsonOf(response)).success;

export const isJson = ({ response }: Exchange) =>
  response !== undefined && isJsonType(response) && jsonOf(response) !== undefined;

/** One line about an answer, for a report. */
export function told(exchange: Exchange): string {
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
