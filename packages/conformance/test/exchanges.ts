import type { Exchange, Meaning, WireResponse } from "../src/wire/exchange.ts";

/** A body as text, or a value to be told as JSON. */
const bytes = (body: unknown) =>
  Buffer.from(typeof body === "string" ? body : JSON.stringify(body) || "");

export const answer = (body: unknown, status = 200): WireResponse => ({
  status,
  headers: { "content-type": "application/json" },
  body: bytes(body),
  continued: false,
});

/** Makes exchanges one after the other, 10 ms each, numbered from 1. */
export function recording() {
  const exchanges: Exchange[] = [];
  const add = (method: string, meaning: Meaning, more: Partial<Exchange>): Exchange => {
    const number = exchanges.length + 1;
    const times = { start: number * 10, end: number * 10 + 5 };
    const request = { method, path: "/workflow-runs" };
    const made = { number, scenario: "s", meaning, request, again: "", answerOwed: true, ...times };
    exchanges.push({ ...made, ...more });
    return exchanges.at(-1)!;
  };
  return {
    exchanges,
    read: (runId: string, body: unknown, more: Partial<Exchange> = {}) =>
      add("GET", { act: "read", runId, exact: true }, { response: answer(body), ...more }),
    cancel: (runId: string, body: unknown, more: Partial<Exchange> = {}) =>
      add("POST", { act: "cancel", runId, exact: true }, { response: answer(body), ...more }),
    other: (more: Partial<Exchange>) => add("GET", { act: "other" }, more),
  };
}

/** A body of a read that keeps every rule. */
export const body = (run_id: string, status: string, more: object = {}) => ({
  run_id,
  status,
  progress: 0,
  step: null,
  output_url: null,
  error: null,
  scene_candidate: null,
  ...more,
});
