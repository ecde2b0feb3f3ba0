import { AnyProblem } from "@modly-runs/contract";

import { type Exchange, isJsonType, jsonOf } from "../wire/exchange.ts";

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
