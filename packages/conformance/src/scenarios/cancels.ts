import { CancelAnswer, isEnded } from "@modly-runs/contract";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { runBodyOf } from "../history/observations.ts";
import { CannotGoOn } from "../session/session.ts";
import { fillQueue } from "../target/situations.ts";
import { jsonOf } from "../wire/exchange.ts";
import { isJson, isRefusal, isSuccess, jsonFault, statusOf, told } from "./answers.ts";
import { isRefusedEarly, MALFORMED_IDS, NO_URIS, REFUSED_EARLY } from "./reads.ts";
import type { Scenario } from "./scenario.ts";

import { startLong } from "./cancelling.ts";

export const CANCELS: readonly Scenario[] = [
  {
    name: "cancelling a running run",
    feeds: ["CAN-01", "CAN-02", "CAN-03", "CAN-04", "CAN-08", "CAN-21", "CAN-24"],
    shows: ["GET-14", "GET-15"],
    needs: ["runs_long"],
    // Among others it may be queued for so long that its work is never met.
    alone: true,
    async run(t) {
      const { recipe } = await t.situation("runs_long");
      const { id, since } = await startLong(t);
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
      const certain = ack.end - since < (recipe.min_ms ?? 0);
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
          reason: `The cancel was answered ${Math.round(ack.end - since)} ms after the run may have begun; it is promised to last only ${recipe.min_ms} ms. Raise situations.runs_long.min_ms with a longer run.`,
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
      t.same("CAN-08", "the same run", end, after.exchange);
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
      if (waiting === undefined) {
        await t.release(...running);
        throw new CannotGoOn("No run had to wait this time.", "n/a");
      }
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
      const end = await t.finished();
      const { id, body } = end;
      const ack = await t.cancel(id);
      t.judge("CAN-06", ack, "200 or 202", isSuccess(ack));
      const answer = (jsonOf(ack.response) ?? {}) as Record<string, unknown>;
      t.judge("CAN-25", ack, "cancelled is not true of a done run", answer["cancelled"] !== true);
      const after = await t.look(id);
      t.same("CAN-06", "the same run", end, after.exchange);
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
      const found = statusOf(unknown) === 404;
      t.judgeBody("CAN-09", unknown, "404 with JSON", found, jsonFault(unknown));
      for (const id of MALFORMED_IDS) {
        const exchange = await t.send({ method: "POST", path: `/workflow-runs/${id}/cancel` });
        t.judge("CAN-10", exchange, "4xx", isRefusal(exchange));
      }
      for (const id of NO_URIS) {
        const request = { method: "POST", path: `/workflow-runs/${id}/cancel` };
        const exchange = await t.send(request, { answerOwed: false });
        t.judge("CAN-10", exchange, REFUSED_EARLY, isRefusedEarly(exchange));
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
      // A POST may come without a length where it has no body: RFC 9112, section 6.3.
      const { host, port, prefix } = t.session.origin;
      const own = Object.entries(t.session.target.headers ?? {}).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      const path = `/workflow-runs/${id}/cancel`;
      const text = `POST ${prefix}${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n${own.join("")}\r\n`;
      const again = `printf '${text.replaceAll("\r\n", String.raw`\r\n`)}' | nc ${host} ${port}`;
      const bare = await t.session.sendBytes(t.scenario, Buffer.from(text), again, { path });
      t.judge("CAN-18", bare, "no length at all: 2xx", isSuccess(bare));
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
];
