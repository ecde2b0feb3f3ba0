import { setTimeout as wait } from "node:timers/promises";

import { OutOfReach, type Reach, send } from "@modly-runs/flows/outbound";

import type { Log } from "../log.ts";
import type { DueWebhook, Sent, WorkflowStore } from "../stores/workflow-store.ts";
import { VERSION } from "../version.ts";
import { signed } from "./sign.ts";

/** Webhooks that are sent at once. */
const AT_ONCE = 8;
/** Milliseconds that a receiver has for its answer. */
const PATIENCE = 15_000;
const LONGEST_PAUSE = 3_600_000;
/** Milliseconds after which a store that failed is asked again. */
const STORE_AGAIN = 5000;
/** An answer is of no interest beyond its status. */
const MOST_ANSWER = 1024;

export interface PostmanDeps {
  readonly store: Pick<WorkflowStore, "due" | "sent">;
  readonly secret: Buffer;
  readonly reach: Reach;
  /** How often one is tried. */
  readonly tries: number;
  /** Milliseconds before the second try; twice as long before each next one, at most an hour. */
  readonly pause: number;
  /** Milliseconds after which others may have left some to be sent; there are no others if left out. */
  readonly lookEvery?: number | undefined;
  readonly log: Log;
}

/** Sends the webhooks that the store holds, those of a service before as well. */
export interface Postman {
  /** There are new ones. */
  wake(): void;
  stop(): Promise<void>;
}

export function createPostman(deps: PostmanDeps): Postman {
  const { store, lookEvery = Infinity, log } = deps;
  const underWay = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  const stopping = new AbortController();

  async function look(): Promise<void> {
    do {
      again = false;
      clearTimeout(timer);
      const now = Date.now();
      const room = AT_ONCE - underWay.size;
      // One that is over looks again.
      if (room === 0) return;
      const { due, nextAt } = await store.due(now, room, [...underWay.keys()]);
      for (const webhook of due) {
        if (stopping.signal.aborted) break;
        const delivery = deliver(webhook)
          .catch(async (cause: unknown) => {
            log.error({ err: cause, id: webhook.id }, "what came of a webhook can't be stored");
            // It will be sent again: not before the store has had a while.
            await wait(STORE_AGAIN, undefined, { signal: stopping.signal }).catch(() => undefined);
          })
          .finally(() => {
            underWay.delete(webhook.id);
            wake();
          });
        underWay.set(webhook.id, delivery);
      }
      const next = nextAt !== null && nextAt > now ? nextAt - now : Infinity;
      const look = Math.min(next, LONGEST_PAUSE, lookEvery);
      if (look < Infinity && !stopping.signal.aborted) timer = setTimeout(wake, look);
    } while (again);
  }
  function wake(): void {
    again = true;
    if (stopping.signal.aborted) return;
    looking ??= look()
      .catch((cause: unknown) => {
        log.error({ err: cause }, "webhooks can't be sent now");
        if (!stopping.signal.aborted) timer = setTimeout(wake, STORE_AGAIN);
      })
      .finally(() => {
        looking = undefined;
        if (again) wake();
      });
  }

  async function deliver(webhook: DueWebhook): Promise<void> {
    const sent = await tried(deps, webhook, stopping.signal);
    // Who was stopped in the middle does not know, and sends it again.
    if (stopping.signal.aborted && sent.status !== "delivered") return;
    await store.sent(webhook.id, sent);
    const { id, workflowId, type } = webhook;
    if (sent.status !== "delivered")
      log.warn({ id, workflow: workflowId, type, error: sent.error }, "a webhook was not taken");
  }

  return {
    wake,
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await looking;
      await Promise.all(underWay.values());
    },
  };
}

async function tried(
  { secret, reach, tries, pause }: PostmanDeps,
  { id, url, payload, attempts }: DueWebhook,
  stopping: AbortSignal,
): Promise<Sent> {
  const again = (answered: number | null, error: string): Sent => {
    const left = attempts + 1 < tries;
    const nextAt = Date.now() + Math.min(LONGEST_PAUSE, pause * 2 ** attempts);
    return { status: left ? "pending" : "failed", answered, error, nextAt: left ? nextAt : null };
  };
  try {
    const { status } = await send(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `modly-runs-workflows/${VERSION}`,
        ...signed(secret, id, Date.now(), payload),
      },
      body: Buffer.from(payload),
      reach,
      most: MOST_ANSWER,
      signal: AbortSignal.any([stopping, AbortSignal.timeout(PATIENCE)]),
    });
    if (status >= 200 && status < 300) return { status: "delivered", answered: status };
    const error = `It answered ${status}.`;
    // 410 is a receiver's word for never again.
    return status === 410
      ? { status: "failed", answered: status, error, nextAt: null }
      : again(status, error);
  } catch (cause) {
    const { message } = cause as Error;
    return cause instanceof OutOfReach
      ? {
          status: "failed",
          answered: null,
          error: `It may not be reached: ${message}.`,
          nextAt: null,
        }
      : again(null, `It can't be reached: ${message}.`);
  }
}
