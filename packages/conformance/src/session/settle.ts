import { isEnded, isRunStatus } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { runBodyOf } from "../history/observations.ts";
import { jsonOf } from "../wire/exchange.ts";
import type { Session } from "./session.ts";

/** The runs of this session of which no read has shown an end. */
function unended(session: Session): readonly string[] {
  const open = new Set<string>();
  for (const exchange of session.recorder.exchanges) {
    if (exchange.meaning.act === "create" && exchange.response) {
      const answer = jsonOf(exchange.response) as { run_id?: unknown } | null | undefined;
      if (typeof answer?.run_id === "string") open.add(answer.run_id);
    }
    const body = runBodyOf(exchange);
    if (body && isRunStatus(body["status"]) && isEnded(body["status"])) {
      open.delete(String(body["run_id"]));
    }
  }
  return [...open];
}

/** Ends what earlier scenarios left running, one run after the other, and waits for it. */
export async function settle(session: Session): Promise<void> {
  const scenario = "clean up between scenarios";
  for (const runId of unended(session)) {
    const path = `/workflow-runs/${runId}`;
    const read = { act: "read", runId, exact: true } as const;
    const deadline = performance.now() + session.budgets.cancel;
    for (let cancelled = false; performance.now() < deadline;) {
      const seen = await session.send(scenario, { method: "GET", path }, { meaning: read });
      const status = runBodyOf(seen)?.["status"];
      if (!isRunStatus(status) || isEnded(status)) break;
      if (!cancelled) {
        const meaning = { ...read, act: "cancel" } as const;
        await session.send(scenario, { method: "POST", path: `${path}/cancel` }, { meaning });
        cancelled = true;
      }
      await sleep(session.budgets.poll);
    }
  }
}
