import { setTimeout as sleep } from "node:timers/promises";

import { CannotGoOn } from "../session/session.ts";
import { isSuccess, statusOf } from "./answers.ts";
import type { Scenario } from "./scenario.ts";

import { oneStory, startLong } from "./cancelling.ts";

export const CANCEL_RACES: readonly Scenario[] = [
  {
    name: "twenty cancels at once",
    feeds: ["CAN-11"],
    race: true,
    needs: ["runs_long"],
    async run(t) {
      const { id } = await startLong(t);
      const acks = await Promise.all(Array.from({ length: 20 }, () => t.cancel(id)));
      for (const ack of acks) t.judge("CAN-11", ack, "2xx", isSuccess(ack));
      await t.ended(id);
      oneStory(t, "CAN-11", [id]);
    },
  },
  {
    name: "a cancel racing with the end",
    feeds: ["CAN-12"],
    race: true,
    needs: ["succeeds"],
    async run(t) {
      const run = t.session.measured?.run ?? 100;
      const window = Math.max(15, Math.min(run / 3, 300));
      const step = async (delay: number) => {
        const started = await t.start();
        const { id } = started;
        // Where places are few it may have to wait: the sweep counts from when its work can have begun.
        const { since } = await t.begins(started);
        await sleep(Math.max(0, since + delay - performance.now()));
        await Promise.all([t.cancel(id), t.read(id), t.read(id)]);
        const end = await t.ended(id);
        await sleep(Math.min(30, t.session.budgets.poll * 3));
        const after = await t.look(id);
        const done = end.body["status"] === "done";
        t.judge(
          "CAN-12",
          end.exchange,
          "done or cancelled",
          done || end.body["status"] === "cancelled",
        );
        t.judge(
          "CAN-12",
          after.exchange,
          "fields that fit the end",
          (after.body["output_url"] !== null) === (after.status === "done"),
        );
        if (done) {
          const output = await t.send(
            { method: "GET", path: String(end.body["output_url"]) },
            { meaning: { act: "output" } },
          );
          t.expect(
            "CAN-12",
            statusOf(output) === 200,
            "a done run has its file",
            `${statusOf(output)}`,
            output,
          );
        }
        oneStory(t, "CAN-12", [id]);
      };
      const delays = Array.from({ length: 40 }, (_, at) =>
        Math.max(0, run - window + (2 * window * at) / 39),
      );
      for (let at = 0; at < delays.length; at += 4)
        await Promise.all(delays.slice(at, at + 4).map(step));
    },
  },
  {
    name: "cancelled for good",
    feeds: ["CAN-13", "CAN-22"],
    race: true,
    needs: ["succeeds", "runs_long"],
    async run(t) {
      const run = t.session.measured?.run ?? 100;
      const { id: doneId, body } = await t.finished();
      let cancelled: { id: string; end: Record<string, unknown> } | undefined;
      for (let attempt = 0; attempt < 5 && !cancelled; attempt += 1) {
        const started = await (run >= 60 && attempt < 4 ? t.start() : t.start("runs_long"));
        const { id } = started;
        const { since } = await t.begins(started);
        await sleep(Math.max(0, since + Math.min(run / 3, 500) - performance.now()));
        await t.cancel(id);
        const end = await t.ended(id);
        if (end.body["status"] === "cancelled") cancelled = { id, end: end.body };
      }
      if (!cancelled)
        throw new CannotGoOn(
          "No run was cancelled in five tries (see CAN-03).",
          typeof t.session.target.situations?.runs_long === "object" ? "blocked" : "n/a",
        );
      const until = performance.now() + 2 * run;
      let last = await t.look(cancelled.id);
      while (performance.now() < until && last.status === "cancelled") {
        await sleep(t.session.budgets.poll);
        last = await t.look(cancelled.id);
      }
      t.judge(
        "CAN-13",
        last.exchange,
        `cancelled for ${Math.round(2 * run)} ms`,
        last.status === "cancelled",
      );
      const guessed = String(body["output_url"]).replaceAll(doneId, cancelled.id);
      const named = [
        cancelled.end["output_url"],
        last.body["output_url"],
        guessed === body["output_url"] ? null : guessed,
      ];
      for (const url of named.filter((one) => typeof one === "string")) {
        const output = await t.send({ method: "GET", path: url });
        t.expect(
          "CAN-22",
          statusOf(output) !== 200,
          `no file at ${url}`,
          `${statusOf(output)}`,
          output,
        );
      }
      if (!t.session.ledger.hasEvidence("CAN-22")) t.session.ledger.add("CAN-22", { ok: true });
    },
  },
  {
    name: "a cancel right after the create",
    feeds: ["CAN-20"],
    race: true,
    needs: ["succeeds"],
    // Among others it would be cancelled while it waits, and not while it begins.
    alone: true,
    async run(t) {
      const pool = t.pool();
      for (let count = 0; count < 5; count += 1) {
        const { image, fields } = await t.parts();
        const { id } = t.mustBeAccepted(await t.create([...fields, image], { pool }));
        const ack = await t.cancel(id, { pool });
        t.judge("CAN-20", ack, "2xx", isSuccess(ack));
        const end = await t.endOf(id);
        t.expect("CAN-20", end !== undefined, "the run ends", "it did not end in time", ack);
        oneStory(t, "CAN-20", [id]);
      }
    },
  },
];
