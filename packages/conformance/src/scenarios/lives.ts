import { isEnded, isRunStatus } from "@modly-runs/contract";
import { exec } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { runBodyOf } from "../history/observations.ts";
import { CannotGoOn } from "../session/session.ts";
import { fillQueue } from "../target/situations.ts";
import { png } from "../wire/pictures.ts";
import { statusOf, told } from "./answers.ts";
import type { Bench, Seen } from "./bench.ts";
import { startLong } from "./cancelling.ts";
import { idempotencyKey } from "./create-consequences.ts";
import { PREDICATE_IDS } from "./predicates.ts";
import type { Scenario } from "./scenario.ts";

/** Whoever reads done first fetches the file in the same breath. */
async function downloadsNow(t: Bench, { body, exchange }: Seen): Promise<void> {
  if (body["status"] !== "done") return;
  const url = body["output_url"];
  const output =
    typeof url === "string"
      ? await t.send({ method: "GET", path: url }, { meaning: { act: "output" } })
      : exchange;
  const there = typeof url === "string" && statusOf(output) === 200;
  t.expect(
    "LIF-07",
    there,
    "output_url downloads at once",
    `${String(url)}: ${statusOf(output)}`,
    exchange,
    output,
  );
}

/** Three clients poll one run until all of them saw its end; the first one that did is returned. */
async function pollTogether(t: Bench, id: string): Promise<Seen | undefined> {
  const poll = Math.min(40, t.session.budgets.poll);
  const deadline = performance.now() + t.session.budgets.end;
  let first: Seen | undefined;
  await Promise.all(
    [1, 2, 3].map(async () => {
      while (performance.now() < deadline) {
        const exchange = await t.read(id);
        const body = runBodyOf(exchange);
        if (body && isRunStatus(body["status"]) && isEnded(body["status"])) {
          if (first === undefined) {
            first = { exchange, body };
            await downloadsNow(t, first);
          }
          return;
        }
        await sleep(poll);
      }
    }),
  );
  return first;
}

/** Follows a run to its end and watches it for a while after that. */
async function live(t: Bench, id: string): Promise<Seen | undefined> {
  const end = await pollTogether(t, id);
  if (end === undefined) return t.endOf(id);
  t.expect("LIF-05", true, "an end", "an end");
  await sleep(t.session.budgets.stable / 2);
  await t.read(id);
  await sleep(t.session.budgets.stable / 2);
  await t.read(id);
  return end;
}

export const LIVES: readonly Scenario[] = [
  {
    name: "lives that succeed",
    feeds: ["LIF-05", "LIF-07"],
    shows: PREDICATE_IDS,
    needs: ["succeeds"],
    async run(t) {
      const runs = await Promise.all([t.start(), t.start(), t.start()]);
      await Promise.all(runs.map(({ id }) => live(t, id)));
    },
  },
  {
    name: "a life that fails",
    feeds: ["LIF-08"],
    shows: PREDICATE_IDS,
    needs: ["fails"],
    async run(t) {
      const end = await live(t, (await t.start("fails")).id);
      if (end === undefined) throw new CannotGoOn("The failing run did not end (see LIF-05).");
      const error = end.body["error"];
      t.judge(
        "LIF-08",
        end.exchange,
        "error with its text",
        end.body["status"] !== "error" || (typeof error === "string" && error !== ""),
      );
    },
  },
  {
    name: "a life that is cancelled",
    feeds: [],
    shows: PREDICATE_IDS,
    needs: ["runs_long"],
    async run(t) {
      const { id } = await startLong(t);
      for (let count = 0; count < 6; count += 1) {
        await t.read(id);
        await sleep(t.session.budgets.poll);
      }
      await t.cancel(id);
      await live(t, id);
    },
  },
  {
    name: "a good run beside a failing one, and after it",
    feeds: ["LIF-10", "LIF-11"],
    race: true,
    needs: ["fails", "succeeds"],
    alone: true,
    async run(t) {
      const [bad, good] = [await t.start("fails"), await t.start()];
      const end = await t.ended(good.id);
      t.judge("LIF-10", end.exchange, "done", end.body["status"] === "done");
      await t.endOf(bad.id);
      const next = await t.ended((await t.start()).id);
      t.judge("LIF-11", next.exchange, "done", next.body["status"] === "done");
    },
  },
  {
    name: "an ended run is kept",
    feeds: ["LIF-12"],
    needs: ["succeeds"],
    async run(t) {
      const end = await t.finished();
      const { id, exchange } = end;
      const retention = t.session.target.retention_ms ?? t.session.budgets.stable;
      await sleep(Math.max(0, retention * 0.9 - (performance.now() - exchange.end)));
      const later = await t.read(id);
      t.same("LIF-12", "200 and the same body", end, later);
      await sleep(t.session.target.retention_ms === undefined ? 0 : retention * 0.3);
      const [first, second] = [await t.read(id), await t.read(id)];
      t.expect(
        "LIF-12",
        statusOf(first) === statusOf(second) || statusOf(second) === 404,
        "once gone, gone",
        `${told(first)}, then ${told(second)}`,
        first,
        second,
      );
    },
  },
  {
    name: "a restart",
    feeds: ["LIF-13"],
    shows: ["CRE-34"],
    alone: true,
    async run(t) {
      const hook = t.session.target.hooks?.restart;
      if (!t.session.target.capabilities?.includes("restart") || !hook) {
        throw new CannotGoOn(
          "capabilities does not claim restart, or hooks.restart is missing.",
          "n/a",
        );
      }
      const before = await t.finished();
      const keyed = async () => {
        const { image, fields } = await t.parts();
        const content = restartPicture;
        return t.create([...fields, { ...image, content }], {
          headers: idempotencyKey(t, "restart"),
        });
      };
      const restartPicture = png(t.session.nextPicture());
      const keys = t.session.target.capabilities.includes("idempotency_key");
      const first = keys ? await keyed() : undefined;
      const long = await t.session.situation("runs_long");
      const active = await t.start(long.ok ? "runs_long" : "succeeds");
      t.session.roster.interrupt();
      try {
        await promisify(exec)(hook.command, { timeout: hook.timeout_ms ?? 30_000 });
      } catch (error) {
        t.expect("LIF-13", false, "hooks.restart ends with exit code 0", String(error));
        return;
      }
      const kept = await t.read(before.id);
      t.same("LIF-13", "the same", before, kept);
      const end = await t.until(active.id, isEnded);
      const last = end?.exchange ?? (await t.read(active.id));
      t.judge("LIF-13", last, "the run that was active has ended", end !== undefined);
      if (first === undefined) return;
      const again = await keyed();
      t.expect(
        "CRE-34",
        t.acceptedId(again) === t.mustBeAccepted(first).id,
        "the same run_id after a restart",
        `${told(first)}; ${told(again)}`,
        first,
        again,
      );
    },
  },
  {
    name: "a queued run",
    feeds: ["LIF-16"],
    alone: true,
    shows: ["GET-05", "GET-06"],
    async run(t) {
      const promised = typeof t.session.target.situations?.queued === "object";
      const found = await t.session.situation("queued");
      if (!found.ok) {
        if (!promised || found.kind === "n/a") throw new CannotGoOn(found.reason, "n/a");
        t.expect("LIF-16", false, "a run that waits shows pending", found.reason);
        return;
      }
      const { running, waiting } = await fillQueue(t, found.recipe);
      if (waiting === undefined) {
        await t.release(...running);
        throw new CannotGoOn("One waited when it was tried, and none this time.", "n/a");
      } else {
        const { exchange, status } = await t.look(waiting);
        t.judge("LIF-16", exchange, "pending", status === "pending");
        await t.release(...running);
        const later = await t.until(waiting, (now) => now !== "pending");
        t.expect(
          "LIF-16",
          later !== undefined,
          "it starts once there is room",
          "it stayed pending",
        );
      }
      await t.release(...running, ...(waiting === undefined ? [] : [waiting]));
    },
  },
];
