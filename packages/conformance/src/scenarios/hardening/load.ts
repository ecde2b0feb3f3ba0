import { isEnded } from "@modly-runs/contract";
import { exec } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { CannotGoOn } from "../../session/session.ts";
import { fillQueue } from "../../target/situations.ts";
import type { Exchange } from "../../wire/exchange.ts";
import { hasProblem, isSuccess, statusOf, told } from "../answers.ts";
import type { Bench } from "../bench.ts";
import type { Scenario } from "../scenario.ts";
import { aliveAfter, createOnce, isBusy, usual } from "./asking.ts";

/** Numbers from 0 up to, but without, 1 that a seed fixes (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A budget for many runs that share one place. */
const together = (t: Bench, runs: number) =>
  t.session.budgets.end + runs * (t.session.measured?.run ?? 100) * 3;

async function allEnd(t: Bench, check: "LOD-02" | "LOD-06", ids: readonly string[]): Promise<void> {
  const budget = together(t, ids.length);
  await Promise.all(
    ids.map(async (id) => {
      const end = await t.until(id, isEnded, budget);
      t.expect(
        check,
        end !== undefined,
        "an end",
        `run ${id} has none after ${Math.round(budget)} ms`,
      );
    }),
  );
}

async function memoryOf(command: string, timeout: number): Promise<number> {
  const { stdout } = await promisify(exec)(command, { timeout });
  const kibibytes = Number(stdout.trim());
  if (!Number.isFinite(kibibytes) || kibibytes <= 0)
    throw new CannotGoOn(
      `hooks.memory has to print a number of KiB, and printed ${JSON.stringify(stdout.slice(0, 80))}`,
    );
  return kibibytes / 1024;
}

export const LOADS: readonly Scenario[] = [
  {
    name: "25 creates at once",
    feeds: ["LOD-01", "LOD-02", "LOD-03", "LOD-04"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const forms = await Promise.all(Array.from({ length: 25 }, () => usual(t)));
      const exchanges = await Promise.all(forms.map((parts) => createOnce(t, parts)));
      for (const exchange of exchanges) {
        const fine = isSuccess(exchange) || (isBusy(exchange) && hasProblem(exchange));
        t.judge("LOD-01", exchange, "accepted, or 429 or 503 in JSON", fine);
        if (!isBusy(exchange)) continue;
        const after = exchange.response?.headers["retry-after"];
        t.judge("LOD-04", exchange, "Retry-After", after !== undefined);
      }
      if (!exchanges.some(isBusy))
        t.session.ledger.obstruct("LOD-04", { kind: "n/a", reason: "The target took all 25." });
      const ids = exchanges.flatMap((exchange) => t.acceptedId(exchange) ?? []);
      t.expect(
        "LOD-03",
        new Set(ids).size === ids.length,
        `${ids.length} different ids`,
        `${new Set(ids).size} different ids`,
      );
      await allEnd(t, "LOD-02", [...new Set(ids)]);
    },
  },
  {
    name: "reads while it works",
    feeds: ["LOD-05"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const started = await Promise.all(Array.from({ length: 12 }, () => t.start()));
      const times: number[] = [];
      const polls = started.map(async ({ id }) => {
        for (let count = 0; count < 25; count += 1) {
          const { start, end } = await t.read(id);
          times.push(end - start);
          await sleep(10);
        }
      });
      await Promise.all(polls);
      const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
      const limit = 1_000 * t.session.scale;
      t.expect("LOD-05", p99 <= limit, `99 of 100 within ${limit} ms`, `${Math.round(p99)} ms`);
      await t.release(...started.map(({ id }) => id));
    },
  },
  {
    name: "a storm of 300 requests",
    feeds: ["LOD-06"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const next = numbers(t.session.seed);
      const ids: string[] = [];
      const answers: Exchange[] = [];
      const pick = () => ids[Math.floor(next() * ids.length)] ?? "no-such-run";
      const one = async () => {
        const chance = next();
        if (chance < 0.25) {
          const exchange = await createOnce(t, await usual(t));
          const id = t.acceptedId(exchange);
          if (id !== undefined) ids.push(id);
          return exchange;
        }
        if (chance < 0.35) return createOnce(t, (await usual(t)).slice(0, -1));
        if (chance < 0.55) return t.cancel(pick());
        return t.read(pick(), chance > 0.95 ? { method: "HEAD" } : {});
      };
      const client = async () => {
        for (let count = 0; count < 15; count += 1) answers.push(await one());
      };
      await Promise.all(Array.from({ length: 20 }, client));
      for (const exchange of answers) {
        const fine =
          exchange.response !== undefined && (statusOf(exchange) < 500 || isBusy(exchange));
        t.judge("LOD-06", exchange, "an answer, and no 5xx but 503", fine);
      }
      await allEnd(t, "LOD-06", ids);
      const end = await aliveAfter(t);
      if (typeof end === "string") t.expect("LOD-06", false, "the next run is done", end);
      else t.judge("LOD-06", end.exchange, "the next run is done", end.body["status"] === "done");
    },
  },
  {
    name: "a line of waiting runs",
    feeds: ["LOD-07"],
    needs: ["queued"],
    alone: true,
    async run(t) {
      const { recipe } = await t.situation("queued");
      const { running, waiting } = await fillQueue(t, recipe);
      if (waiting === undefined) {
        await t.release(...running);
        throw new CannotGoOn("No run had to wait this time.", "n/a");
      }
      const line = [waiting];
      for (let count = 0; count < 3; count += 1) line.push((await t.start("queued")).id);
      const began: string[] = [];
      const statuses = async () =>
        Promise.all(line.map(async (id) => ({ id, status: (await t.look(id)).status })));
      const places = [...running];
      while (began.length < 2 && places.length > 0) {
        await t.release(...places.splice(0, 1));
        const deadline = performance.now() + t.session.budgets.cancel;
        while (performance.now() < deadline) {
          const left = (await statuses()).filter(({ id }) => !began.includes(id));
          const started = left.filter(({ status }) => status !== "pending").map(({ id }) => id);
          if (started.length === 0) {
            await sleep(t.session.budgets.poll);
            continue;
          }
          for (const id of started) {
            const older = line.slice(0, line.indexOf(id));
            const passed = older.filter(
              (other) => !began.includes(other) && !started.includes(other),
            );
            t.expect(
              "LOD-07",
              passed.length < 2,
              "at most one older run still waits",
              `run ${line.indexOf(id) + 1} of ${line.length} was started while ${passed.length} older ones waited`,
            );
          }
          began.push(...started);
          places.push(...started);
          break;
        }
      }
      t.expect("LOD-07", began.length > 0, "a waiting run starts once there is room", "none did");
      await t.release(...running, ...line);
    },
  },
  {
    name: "500 short runs",
    feeds: ["LOD-08"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const hook = t.session.target.hooks?.memory;
      if (!hook)
        throw new CannotGoOn(
          "The configuration has no hooks.memory: a command that prints the resident memory of the target in KiB, such as ps -o rss= -p 1234.",
          "n/a",
        );
      const measure = () => memoryOf(hook.command, hook.timeout_ms ?? 10_000);
      let first: string | undefined;
      const several = async (count: number) => {
        let left = count;
        const client = async () => {
          while (left > 0) {
            left -= 1;
            const { id } = await t.start();
            first ??= id;
            await t.until(id, isEnded);
          }
        };
        await Promise.all(Array.from({ length: 16 }, client));
      };
      await several(100);
      const before = await measure();
      await several(400);
      const grown = (await measure()) - before;
      t.expect(
        "LOD-08",
        grown < 64,
        "less than 64 MiB more",
        `${Math.round(grown)} MiB more after 400 runs`,
      );
      const early = await t.read(first ?? "");
      t.expect(
        "LOD-08",
        [200, 404].includes(statusOf(early)),
        "the first run: 200 or 404",
        told(early),
        early,
      );
    },
  },
];
