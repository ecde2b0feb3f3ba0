import type { Exchange } from "../wire/exchange.ts";
import { isRefusal, isSuccess } from "./answers.ts";
import type { Bench } from "./bench.ts";

export const accepted = (t: Bench, exchange: Exchange) =>
  isSuccess(exchange) && t.acceptedId(exchange) !== undefined;
export const acceptedOrRefused = (t: Bench, exchange: Exchange) =>
  accepted(t, exchange) || isRefusal(exchange);

/** Runs that a probe started by the way are not left to work. */
export async function tidy(t: Bench, ...exchanges: Exchange[]): Promise<void> {
  await t.release(...exchanges.flatMap((exchange) => t.acceptedId(exchange) ?? []));
}
