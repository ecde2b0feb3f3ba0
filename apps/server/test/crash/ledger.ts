import { canBeSeenAfter, isEnded, StrictRun } from "@modly-runs/contract";

import type { Answer } from "./wire.ts";

/** What a client asks for. Wishes with a key may be sent again. */
export interface Wish {
  readonly model: string;
  readonly params: Readonly<Record<string, number>>;
  readonly picture: Buffer;
  readonly key?: string;
}

/** All that the clients know of one run whose create was answered. */
export interface Accepted {
  readonly runId: string;
  readonly wish: Wish;
  /** The last body that was read. */
  last?: StrictRun;
  /** The body of the first read that showed it ended. */
  end?: string;
  /** What the first answer to a cancel said. */
  cancel?: { readonly status: string; readonly cancelled: boolean };
}

/**
 * What the clients were told, in the order they were told it. A server that takes anything of it back
 * is wrong.
 */
export function createLedger() {
  const accepted = new Map<string, Accepted>();
  const keys = new Map<string, string>();
  const wrong: string[] = [];
  let unanswered = 0;

  return {
    wrong,
    accepted: () => [...accepted.values()],
    keys,
    /** Creates that were sent and never answered: nothing is promised of them. */
    unanswered: () => unanswered,
    missAnswer: () => void unanswered++,

    /** Notes the answer to a create; undefined when it was refused. */
    noteCreate(wish: Wish, { status, text }: Answer): Accepted | undefined {
      if (status !== 200) {
        // Only these are a matter of time.
        if (![408, 409, 503].includes(status)) wrong.push(`create: ${status} ${text}`);
        return undefined;
      }
      const { run_id: runId } = JSON.parse(text) as { run_id: string };
      if (wish.key !== undefined) {
        const before = keys.get(wish.key) ?? runId;
        if (before !== runId) wrong.push(`the key of ${before} made another run, ${runId}`);
        keys.set(wish.key, before);
      }
      const run = accepted.get(runId) ?? { runId, wish };
      accepted.set(runId, run);
      return run;
    },

    /** Notes a read that began after the one before it was answered. */
    noteRead(run: Accepted, { status, text }: Answer): void {
      const say = (what: string) => void wrong.push(`${run.runId}: ${what}`);
      if (status !== 200) return say(`reads ${status}`);
      const parsed = StrictRun.safeParse(JSON.parse(text));
      if (!parsed.success) return say(`reads ${text}`);
      const now = parsed.data;
      const { last } = run;
      if (last && !canBeSeenAfter(last.status, now.status))
        say(`${last.status} became ${now.status}`);
      if (last && now.progress < last.progress)
        say(`progress fell from ${last.progress} to ${now.progress}`);
      if (run.end !== undefined && run.end !== text) say("changed after its end");
      if (run.cancel && !isEnded(now.status)) say("active after the answer to its cancel");
      run.last = now;
      if (isEnded(now.status)) run.end ??= text;
    },

    noteCancel(run: Accepted, { status, text }: Answer): void {
      if (status !== 200) return void wrong.push(`${run.runId}: cancel answers ${status}`);
      run.cancel ??= JSON.parse(text) as NonNullable<Accepted["cancel"]>;
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;
