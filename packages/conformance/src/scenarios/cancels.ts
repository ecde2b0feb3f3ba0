import { CancelAnswer, isEnded } from "@modly-runs/contract";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

import { contradictionIn } from "../history/check.ts";
import { historiesOf, runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import { CannotGoOn } from "../session/session.ts";
import { fillQueue } from "../target/situations.ts";
import { jsonOf } from "../wire/exchange.ts";
import { isJson, isRefusal, isSuccess, statusOf } from "./answers.ts";
import { type Bench, told } from "./bench.ts";
import { MALFORMED_IDS } from "./reads.ts";
import type { Scenario } from "./scenario.ts";

/** One story must explain what was seen of these runs. */
function oneStory(t: Bench, id: CheckId, ids: readonly string[]): void {
  const ours = t.session.recorder.exchanges.filter(
    ({ meaning }) => "runId" in meaning && ids.includes(meaning.runId),
  );
  for (const history of historiesOf(ours, t.session.strict)) {
    const found = contradictionIn(history);
    const shown = found ? [found.first, ...(found.second ? [found.second] : [])] : [];
    t.session.ledger.add(id, {
      ok: found === undefined,
      expected: "one story of the run explains all answers",
      observed: found?.message ?? "",
      exchanges: shown.map(({ exchange }) => exchange),
    });
  }
}

/** Starts a long run and waits until it is really running, if it ever says so. */
async function startLong(t: Bench): Promise<{ id: string; start: number }> {
  const { id, exchange } = await t.start("runs_long");
  // A plain run that has to do for a long one may be over while we wait for it to begin.
  if (typeof t.session.target.situations?.runs_long === "object")
    await t.until(id, (status) => status !== "pending", Math.max(200, t.session.budgets.stable));
  return { id, start: exchange.start };
}

/** B has to end done whatever happens to A. */
async function unharmed(t: Bench, check: CheckId, b: string): Promise<void> {
  const end = await t.endOf(b);
  if (end) t.judge(check, end.exchange, "the other run ends done", end.body["status"] === "done");
  else t.expect(check, false, "the other run ends done", "it did not end in time");
}

export const CANCELS: readonly Scenario[] = [
  {
    name: "cancelling a running run",
    feeds: ["CAN-01", "CAN-02", "CAN-03", "CAN-04", "CAN-08", "CAN-21", "CAN-24"],
    shows: ["GET-14", "GET-15"],
    needs: ["runs_long"],
    async run(t) {
      const { recipe } = await t.situation("runs_long");
      const { id, start } = await startLong(t);
      const ack = await t.cancel(id);
      const answer = jsonOf(ack.response);
      t.judge(
        "CAN-01",
        ack,
        "200 or 202, JSON, with status or cancelled",
        isSuccess(ack) && isJson(ack) && CancelAnswer.safeParse(answer).success,
      );
      const { run_id, status: word, cancelled } = (answer ?? {}) as Record<string, unknown>;
      t.judge(
        "CAN-24",
        ack,
        "run_id, status and a boolean cancelled",
        run_id === id && typeof word === "string" && typeof cancelled === "boolean",
      );
      const took = ack.end - ack.start;
      t.expect(
        "CAN-21",
        took <= 5_000 * t.session.scale,
        `an answer within ${5 * t.session.scale} s`,
        `${Math.round(took)} ms`,
        ack,
      );
      const read = await t.read(id);
      const status = runBodyOf(read)?.["status"];
      t.judge(
        "CAN-04",
        read,
        "the read after the answer shows the end",
        typeof status === "string" && !["pending", "running"].includes(status),
      );
      const certain = ack.end - start < (recipe.min_ms ?? 0);
      const end = await t.until(id, isEnded, t.session.budgets.cancel);
      const last = end?.exchange ?? read;
      t.expect(
        "CAN-02",
        end !== undefined,
        `an end within ${Math.round(t.session.budgets.cancel)} ms`,
        told(last),
        ack,
        last,
      );
      // That it was cancelled needs no certainty; that it was not may be a run that was done first.
      if (certain || end?.body["status"] === "cancelled") {
        t.judge("CAN-03", last, "cancelled", end?.body["status"] === "cancelled");
      } else {
        t.session.ledger.obstruct("CAN-03", {
          kind: typeof t.session.target.situations?.runs_long === "object" ? "blocked" : "n/a",
          reason: `The cancel was answered ${Math.round(ack.end - start)} ms after the create; the run is promised to last only ${recipe.min_ms} ms. Raise situations.runs_long.min_ms with a longer run.`,
        });
      }
      if (end?.body["status"] !== "cancelled")
        throw new CannotGoOn(
          "No run was cancelled (see CAN-03).",
          t.session.ledger.hasEvidence("CAN-03") ||
            typeof t.session.target.situations?.runs_long === "object"
            ? "blocked"
            : "n/a",
        );
      const second = await t.cancel(id);
      t.judge("CAN-08", second, "2xx again", isSuccess(second));
      const after = await t.look(id);
      t.judge("CAN-08", after.exchange, "the same run", isDeepStrictEqual(after.body, end.body));
    },
  },
  {
    name: "cancelling a queued run",
    feeds: ["CAN-05"],
    needs: ["queued"],
    alone: true,
    async run(t) {
      const { recipe } = await t.situation("queued");
      const { running, waiting } = await fillQueue(t, recipe);
      if (waiting === undefined) throw new CannotGoOn("No run had to wait this time.");
      const ack = await t.cancel(waiting);
      t.judge("CAN-05", ack, "200 or 202", isSuccess(ack));
      const end = await t.until(waiting, isEnded, t.session.budgets.cancel);
      await t.release(...running);
      const until = performance.now() + t.session.budgets.stable;
      while (performance.now() < until) {
        const read = await t.look(waiting);
        if (read.status === "running")
          t.judge("CAN-05", read.exchange, "never running after the answer", false);
        await sleep(t.session.budgets.poll);
      }
      const last = await t.look(waiting);
      t.judge(
        "CAN-05",
        last.exchange,
        "cancelled",
        end?.body["status"] === "cancelled" && last.status === "cancelled",
      );
      await t.release(waiting);
    },
  },
  {
    name: "cancelling a done run",
    feeds: ["CAN-06", "CAN-25"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { id, body } = await t.finished();
      const ack = await t.cancel(id);
      t.judge("CAN-06", ack, "200 or 202", isSuccess(ack));
      const answer = (jsonOf(ack.response) ?? {}) as Record<string, unknown>;
      t.judge("CAN-25", ack, "cancelled is not true of a done run", answer["cancelled"] !== true);
      const after = await t.look(id);
      t.judge("CAN-06", after.exchange, "the same run", isDeepStrictEqual(after.body, body));
      const output = await t.send(
        { method: "GET", path: String(body["output_url"]) },
        { meaning: { act: "output" } },
      );
      t.expect(
        "CAN-06",
        statusOf(output) === 200,
        "the output still downloads",
        `${statusOf(output)}`,
        output,
      );
    },
  },
  {
    name: "cancelling a failed run",
    feeds: ["CAN-07"],
    needs: ["fails"],
    alone: true,
    async run(t) {
      const { id, body } = await t.finished("fails");
      const ack = await t.cancel(id);
      t.judge("CAN-07", ack, "200 or 202", isSuccess(ack));
      const after = await t.look(id);
      t.judge(
        "CAN-07",
        after.exchange,
        "the same status and error",
        after.status === body["status"] && after.body["error"] === body["error"],
      );
    },
  },
  {
    name: "cancelling what is no run",
    feeds: ["CAN-09", "CAN-10"],
    async run(t) {
      const unknown = await t.cancel(randomUUID());
      t.judge("CAN-09", unknown, "404 with JSON", statusOf(unknown) === 404 && isJson(unknown));
      for (const id of MALFORMED_IDS) {
        const exchange = await t.send({ method: "POST", path: `/workflow-runs/${id}/cancel` });
        t.judge("CAN-10", exchange, "4xx", isRefusal(exchange));
      }
    },
  },
  {
    name: "twenty cancels at once",
    feeds: ["CAN-11"],
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
    needs: ["succeeds"],
    async run(t) {
      const run = t.session.measured?.run ?? 100;
      const window = Math.max(15, Math.min(run / 3, 300));
      const step = async (delay: number) => {
        const { id } = await t.start();
        await sleep(delay);
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
    needs: ["succeeds", "runs_long"],
    async run(t) {
      const run = t.session.measured?.run ?? 100;
      const { id: doneId, body } = await t.finished();
      let cancelled: { id: string; end: Record<string, unknown> } | undefined;
      for (let attempt = 0; attempt < 5 && !cancelled; attempt += 1) {
        const { id } = await (run >= 60 && attempt < 4 ? t.start() : t.start("runs_long"));
        await sleep(Math.min(run / 3, 500));
        await t.cancel(id);
        const end = await t.ended(id);
        if (end.body["status"] === "cancelled") cancelled = { id, end: end.body };
      }
      if (!cancelled) throw new CannotGoOn("No run was cancelled in five tries (see CAN-03).");
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
    name: "cancelling a running run beside another",
    feeds: ["CAN-14"],
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
    needs: ["queued", "succeeds"],
    alone: true,
    async run(t) {
      const { recipe } = await t.situation("queued");
      const { running, waiting } = await fillQueue(t, recipe);
      if (waiting === undefined) throw new CannotGoOn("No run had to wait this time.");
      const [kept] = running;
      const b = kept === undefined ? undefined : await t.look(kept);
      await t.cancel(waiting);
      const after = kept === undefined ? undefined : await t.look(kept);
      if (b && after)
        t.judge(
          "CAN-16",
          after.exchange,
          "the running run is as it was",
          b.status === after.status || after.status === "done",
        );
      // Its end would take as long as the longest run; that it goes on for a while shows enough.
      await sleep(t.session.budgets.stable);
      const later = kept === undefined ? undefined : await t.look(kept);
      if (later)
        t.judge(
          "CAN-16",
          later.exchange,
          "the running run goes on, or is done",
          later.status === "running" || later.status === "done",
        );
      await t.release(...running);
    },
  },
  {
    name: "slots after cancels",
    feeds: ["CAN-17"],
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
        const { id } = await t.start("queued");
        const began = await t.until(id, (status) => status !== "pending", t.session.budgets.cancel);
        t.expect(
          "CAN-17",
          began !== undefined,
          "a new run begins after a cancel",
          "it stayed pending",
        );
        await t.release(id);
        await t.until(id, isEnded, t.session.budgets.cancel);
        if (began === undefined) return;
      }
    },
  },
  {
    name: "cancels with bodies",
    feeds: ["CAN-18"],
    needs: ["runs_long"],
    async run(t) {
      const bodies: readonly [string | undefined, Buffer | undefined][] = [
        [undefined, undefined],
        ["application/json", Buffer.from("{}")],
        ["application/json", Buffer.from('{"broken')],
        ["application/octet-stream", Buffer.alloc(1_000_000, 0x61)],
      ];
      const { id } = await startLong(t);
      for (const [type, body] of bodies) {
        const headers = type === undefined ? {} : { "Content-Type": type };
        const ack = await t.cancel(id, { headers, ...(body ? { body } : {}) });
        t.judge("CAN-18", ack, "2xx", isSuccess(ack));
      }
      await t.release(id);
    },
  },
  {
    name: "reading the cancel route",
    feeds: ["CAN-19"],
    needs: ["runs_long"],
    async run(t) {
      const { id } = await startLong(t);
      for (const method of ["GET", "HEAD"]) {
        const exchange = await t.send({ method, path: `/workflow-runs/${id}/cancel` });
        t.judge(
          "CAN-19",
          exchange,
          `${method}: 404 or 405`,
          [404, 405].includes(statusOf(exchange)),
        );
      }
      const after = await t.look(id);
      t.judge("CAN-19", after.exchange, "the run goes on", after.status !== "cancelled");
      await t.release(id);
    },
  },
  {
    name: "a cancel right after the create",
    feeds: ["CAN-20"],
    needs: ["succeeds"],
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
  {
    name: "life after many cancels",
    feeds: ["CAN-23"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const runs = await Promise.all(Array.from({ length: 8 }, () => t.start()));
      await t.release(...runs.flatMap(({ id }) => [id, id]));
      const next = await t.start();
      await unharmed(t, "CAN-23", next.id);
    },
  },
];
