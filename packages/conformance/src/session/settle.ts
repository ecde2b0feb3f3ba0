import { isEnded, isRunStatus } from "@modly-runs/contract";
import { exec } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { runBodyOf } from "../history/observations.ts";
import { jsonOf } from "../wire/exchange.ts";
import type { Session } from "./session.ts";

const SCENARIO = "clean up between scenarios";

/** The runs since an exchange of which no read has shown an end. */
function unended(session: Session, since: number): readonly string[] {
  const open = new Set<string>();
  for (const exchange of session.recorder.exchanges.slice(since)) {
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

/** Reads a run until it has ended or the time is up: true if it has, or is no longer known. */
async function endsWithin(session: Session, runId: string, milliseconds: number): Promise<boolean> {
  const meaning = { act: "read", runId, exact: true } as const;
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const path = `/workflow-runs/${runId}`;
    const seen = await session.send(SCENARIO, { method: "GET", path }, { meaning });
    const status = runBodyOf(seen)?.["status"];
    if (seen.response?.status === 404 || (isRunStatus(status) && isEnded(status))) return true;
    if (performance.now() > deadline) return false;
    await sleep(session.budgets.poll);
  }
}

/** Waits for the runs that were started since an exchange, and cancels what does not end by itself. */
export async function settle(session: Session, since: number): Promise<boolean> {
  let settled = true;
  for (const runId of unended(session, since)) {
    if (await endsWithin(session, runId, session.budgets.end)) continue;
    const path = `/workflow-runs/${runId}/cancel`;
    const meaning = { act: "cancel", runId, exact: true } as const;
    await session.send(SCENARIO, { method: "POST", path }, { meaning });
    settled = (await endsWithin(session, runId, session.budgets.cancel)) && settled;
  }
  return settled;
}

async function restartOnce(session: Session, command: string, timeout: number): Promise<boolean> {
  session.roster.interrupt();
  await promisify(exec)(command, { timeout });
  if (!(session.target.capabilities ?? []).includes("restart")) session.roster.forget();
  // The command may come back before the server listens: it has as long again to answer.
  for (const began = performance.now(); ; await sleep(250)) {
    session.gone = undefined;
    await session.lookForLife();
    if (session.gone === undefined || performance.now() - began > timeout)
      return session.gone === undefined;
  }
}

/**
 * Runs the hook that ends the target and starts it again, and waits until it answers; once more where
 * that fails, since on a busy machine the first try may run out of its time. Throws what the hook says
 * when it fails twice.
 */
export async function restart(session: Session): Promise<boolean> {
  const hook = session.target.hooks?.restart;
  if (!hook) return false;
  const once = () => restartOnce(session, hook.command, hook.timeout_ms ?? 30_000);
  return (await once().catch(() => false)) || once();
}

/** What is said when the target can no longer make a mesh and nobody may restart it. */
export const STUCK =
  "The server answers, but its model no longer finishes a plain run, so nothing more can be learned. Restart the server and repeat with --only; with hooks.restart (or --restart <command>) the suite restarts it by itself.";
