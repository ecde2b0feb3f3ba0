import { setTimeout as wait } from "node:timers/promises";

import type { z } from "zod";

import { type Workflow, Workflow as WorkflowShape } from "./shapes.ts";

/** Whom to judge. */
export interface Target {
  /** Up to the version: `http://127.0.0.1:8766/api/v1`. */
  readonly base: string;
  readonly token?: string | undefined;
  /** The body of a workflow that this service can complete, in a short time, of two steps or more. */
  readonly quick: Record<string, unknown>;
  /** The body of one that takes a while. */
  readonly slow: Record<string, unknown>;
  /** Milliseconds that one may take. */
  readonly patience: number;
}

/** A rule was broken; the message says how. */
export class Broken extends Error {
  override name = "Broken";
}

/** What can't be asked of this service, and why. */
export class NotAsked extends Error {
  override name = "NotAsked";
}

export function hold(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Broken(sentence);
}

const ENDS = ["COMPLETED", "FAILED", "CANCELLED"];

/** The service as a client of the neighbouring API has it. */
export function callsTo({ base, token, patience }: Target) {
  async function call(
    method: string,
    where: string,
    body?: unknown,
    bearer = token,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${base}/workflows${where}`, {
      method,
      headers: {
        accept: "application/json",
        ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = text === "" ? undefined : JSON.parse(text);
    } catch {
      throw new Broken(`${method} /workflows${where} answered ${response.status} and no JSON`);
    }
    return { status: response.status, body: parsed };
  }

  /** An answer that must be a success, in that shape. */
  async function given<T>(
    schema: z.ZodType<T, z.ZodTypeDef, unknown>,
    method: string,
    where: string,
    body?: unknown,
  ): Promise<T> {
    const reply = await call(method, where, body);
    hold(
      reply.status >= 200 && reply.status < 300,
      `${method} /workflows${where} answered ${reply.status}: ${JSON.stringify(reply.body)?.slice(0, 300)}`,
    );
    const parsed = schema.safeParse(reply.body);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Broken(
      `${method} /workflows${where}: ${issue!.path.join(".") || "the body"}: ${issue!.message}`,
    );
  }

  const get = (id: string) => given(WorkflowShape, "GET", `/${id}`);
  const until = async (id: string, is: (now: Workflow) => boolean, what: string) => {
    const seen: Workflow[] = [];
    for (const since = Date.now(); Date.now() - since < patience; await wait(100)) {
      const now = await get(id);
      seen.push(now);
      if (is(now)) return seen;
    }
    throw new Broken(`after ${patience / 1000} s the workflow ${id} still was not ${what}`);
  };
  return {
    call,
    given,
    get,
    create: (body: unknown, query = "") => given(WorkflowShape, "POST", `/${query}`, body),
    act: (id: string, what: string) => given(WorkflowShape, "POST", `/${id}/${what}`),
    cancel: (id: string) => given(WorkflowShape, "DELETE", `/${id}`),
    until,
    /** All that was seen of it until it ended. */
    ended: (id: string) => until(id, ({ status }) => ENDS.includes(status), "ended"),
    /** An answer that must be a refusal, with a sentence. */
    async refused(method: string, where: string, statuses: readonly number[], body?: unknown) {
      const reply = await call(method, where, body);
      hold(
        statuses.includes(reply.status),
        `${method} /workflows${where} answered ${reply.status}, and should refuse (${statuses.join(" or ")})`,
      );
      hold(
        (reply.body as { detail?: unknown } | undefined)?.detail !== undefined,
        `${method} /workflows${where} refuses without a detail`,
      );
    },
  };
}

export type Calls = ReturnType<typeof callsTo>;
