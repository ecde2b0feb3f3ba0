import { told } from "../scenarios/answers.ts";
import { isEnded } from "@modly-runs/contract";
import { isDeepStrictEqual } from "node:util";

import { contradictionIn } from "../history/check.ts";
import { endsOf, historiesOf, readsOf, runBodyOf } from "../history/observations.ts";
import { BODY_RULES } from "../scenarios/body-rules.ts";
import type { Exchange } from "../wire/exchange.ts";

/** What is wrong with the recording of a program, and the exchange that shows it. */
export type Wrong = { readonly what: string; readonly exchange: Exchange };

/** Rules of the contract that are wishes; a generated program does not fail for one. */
const WISHES: ReadonlySet<string> = new Set(["GET-06", "GET-10", "GET-15", "GET-16", "GET-28"]);

function wrongAnswer(exchange: Exchange): string | undefined {
  const { response, failure, meaning } = exchange;
  if (failure && exchange.answerOwed) return `${meaning.act}: ${failure.message}`;
  const busy = response?.status === 503;
  return response && response.status >= 500 && !busy
    ? `${meaning.act}: ${told(exchange)}`
    : undefined;
}

function wrongBody(exchange: Exchange): string | undefined {
  const body = runBodyOf(exchange);
  if (body === undefined || exchange.meaning.act !== "read") return undefined;
  const { runId } = exchange.meaning;
  const rule = BODY_RULES.find(
    ({ id, when, keeps }) =>
      !WISHES.has(id) && (when === undefined || body["status"] === when) && !keeps(body, runId),
  );
  return rule && `${rule.expected} (${rule.id}): ${told(exchange)}`;
}

/**
 * What the recording of one program shows to be wrong: an answer, a body, a history, or a run without
 * an end. Only recorded exchanges are judged, so a race that shows nothing is no fault.
 */
export function wrongIn(exchanges: readonly Exchange[], strict: boolean): Wrong | undefined {
  for (const exchange of exchanges) {
    const what = wrongAnswer(exchange) ?? wrongBody(exchange);
    if (what !== undefined) return { what, exchange };
  }
  const byNumber = new Map(exchanges.map((exchange) => [exchange.number, exchange]));
  for (const history of historiesOf(exchanges, strict)) {
    const found = contradictionIn(history);
    const at = found && byNumber.get((found.second ?? found.first).exchange);
    if (found && at) return { what: `run ${history.runId}: ${found.message}`, exchange: at };
    const ends = endsOf(readsOf(history));
    const [first] = ends;
    const other = ends.find(({ body }) => !isDeepStrictEqual(body, first?.body));
    const changed = other && byNumber.get(other.exchange);
    if (changed)
      return {
        what: `run ${history.runId} changed after its end: ${told(changed)}`,
        exchange: changed,
      };
    const last = readsOf(history).findLast(() => true);
    const lastExchange = last && byNumber.get(last.exchange);
    if (last && lastExchange && !isEnded(last.status))
      return {
        what: `run ${history.runId} has no end: ${told(lastExchange)}`,
        exchange: lastExchange,
      };
  }
  return undefined;
}
