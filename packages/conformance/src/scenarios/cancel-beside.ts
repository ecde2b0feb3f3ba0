import { isEnded } from "@modly-runs/contract";

import { CannotGoOn } from "../session/session.ts";
import { fillQueue } from "../target/situations.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

import { startLong, unharmed } from "./cancelling.ts";

/** A run that waits now, and every run that is at work now: with more than one place, any of them may be hit. */
async function waitingBehind(t: Bench): Promise<{ running: string[]; waiting: string }> {
  const { recipe } = await t.situation("queued");
  const { running, waiting } = await fillQueue(t, recipe);
  const all = [...running, ...(waiting === undefined ? [] : [waiting])];
  const seen = await Promise.all(
    all.map(async (id) => ({ id, status: (await t.look(id)).status })),
  );
  const atWork = seen.filter(({ status }) => status === "running").map(({ id }) => id);
  if (waiting !== undefined && seen.at(-1)?.status === "pending" && atWork.length > 0)
    return { running: atWork, waiting };
  await t.release(...all);
  throw new CannotGoOn("No run had to wait this time.", "n/a");
}

export const CANCELS_BESIDE: readonly Scenario[] = [
  {
    name: "cancelling a running run beside another",
    feeds: ["CAN-14"],
    race: true,
    needs: ["runs_long", "succeeds"],
    alone: true,
    async run(t) {
      const a = await startLong(t);
      const b = await t.start();
      await t.cancel(a.id);
      await unharmed(t, "CAN-14", b.id);
    },
  },
  {
    name: "cancelling an ended run beside another",
    feeds: ["CAN-15"],
    race: true,
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const a = await t.finished();
      const b = await t.start();
      await t.until(b.id, (status) => status !== "pending", 500);
      await t.cancel(a.id);
      await unharmed(t, "CAN-15", b.id);
    },
  },
  {
    name: "cancelling a queued run beside another",
    feeds: ["CAN-16"],
    race: true,
    needs: ["queued", "succeeds"],
    alone: true,
    async run(t) {
      const { running, waiting } = await waitingBehind(t);
      const before = await Promise.all(running.map((id) => t.look(id)));
      await t.cancel(waiting);
      const after = await Promise.all(running.map((id) => t.look(id)));
      for (const [at, { exchange, status }] of after.entries())
        t.judge(
          "CAN-16",
          exchange,
          "the running run is as it was",
          status === before[at]?.status || status === "done",
        );
      await Promise.all(
        running.map(async (id) => {
          const end = await t.until(id, isEnded);
          const last = end ?? (await t.look(id));
          // A run that lasts longer than the budget and still goes on was not hit.
          const fine = last.body["status"] === (end ? "done" : "running");
          t.judge("CAN-16", last.exchange, "the running run ends done", fine);
          await t.release(id);
        }),
      );
    },
  },
  {
    name: "slots after cancels",
    feeds: ["CAN-17"],
    race: true,
    needs: ["runs_long", "succeeds"],
    alone: true,
    async run(t) {
      for (let count = 0; count < 3; count += 1) {
        const { id } = await startLong(t);
        await t.release(id);
        await t.ended(id);
      }
      const next = await t.start();
      const end = await t.until(next.id, isEnded);
      t.expect("CAN-17", end !== undefined, "a new run ends in time", "it did not end");
      if (typeof t.session.target.situations?.queued !== "object") return;
      for (let count = 0; count < 3; count += 1) {
        const started = await t.start("queued");
        const { id } = started;
        const { begun } = await t.begins(started, t.session.budgets.cancel);
        t.expect("CAN-17", begun, "a new run begins after a cancel", "it stayed pending");
        await t.release(id);
        await t.until(id, isEnded, t.session.budgets.cancel);
        if (!begun) return;
      }
    },
  },
  {
    name: "life after many cancels",
    feeds: ["CAN-23"],
    race: true,
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const runs = await Promise.all(Array.from({ length: 8 }, () => t.start()));
      await Promise.all(runs.flatMap(({ id }) => [t.cancel(id), t.cancel(id)]));
      const next = await t.start();
      await unharmed(t, "CAN-23", next.id);
    },
  },
];
