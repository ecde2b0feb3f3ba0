import { setTimeout as sleep } from "node:timers/promises";

import { multipart, type Part } from "../../wire/multipart.ts";
import { type Exchange } from "../../wire/exchange.ts";
import { isRefusal, isSuccess, statusOf } from "../answers.ts";
import type { Bench, Seen } from "../bench.ts";
import { strayPath } from "../paths.ts";

/** True of an answer that only asks to come back later. */
export const isBusy = (exchange: Exchange) => [429, 503].includes(statusOf(exchange));

/** The path of creates. */
export const CREATE_PATH = "/workflow-runs/from-image";

/** One create that is not asked again when the server is busy. */
export function createOnce(
  t: Bench,
  parts: readonly Part[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Exchange> {
  const { contentType, body } = multipart(parts);
  return t.session.send(
    t.scenario,
    {
      method: "POST",
      path: CREATE_PATH,
      headers: { "Content-Type": contentType, ...headers },
      body,
    },
    { meaning: { act: "create" }, parts },
  );
}

/** The usual parts as one list. */
export async function usual(t: Bench): Promise<readonly Part[]> {
  const { image, fields } = await t.parts();
  return [...fields, image];
}

/** How long a server may be busy after trouble, in milliseconds: that of an upload which says nothing. */
const BUSY_MS = 30_000;

/** The server still takes a run to its end; what the end is, or a sentence. */
export async function aliveAfter(t: Bench): Promise<Seen | string> {
  const parts = await usual(t);
  const deadline = performance.now() + BUSY_MS * t.session.scale;
  let exchange = await createOnce(t, parts);
  while (isBusy(exchange) && performance.now() < deadline) {
    await sleep(200);
    exchange = await createOnce(t, parts);
  }
  const id = t.acceptedId(exchange);
  if (id === undefined) return `a plain create was answered ${exchange.response?.status}`;
  return (await t.endOf(id)) ?? `run ${id} did not end`;
}

/** Why the mesh of an accepted create lies where it should not; undefined if all is well. */
export async function misplaced(t: Bench, exchange: Exchange): Promise<string | undefined> {
  if (isRefusal(exchange)) return undefined;
  const id = isSuccess(exchange) ? t.acceptedId(exchange) : undefined;
  if (id === undefined) return `answered ${exchange.response?.status ?? "nothing"}`;
  const end = await t.endOf(id);
  if (end?.body["status"] !== "done") return undefined;
  const url = String(end.body["output_url"]);
  if (strayPath(url)) return url;
  const output = await t.send({ method: "GET", path: url }, { meaning: { act: "output" } });
  return output.response?.status === 200
    ? undefined
    : `${url}: ${output.response?.status ?? "no answer"}`;
}
