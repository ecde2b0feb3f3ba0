import { isEnded } from "@modly-runs/contract";
import { setTimeout as sleep } from "node:timers/promises";

import { bomb } from "../../wire/bomb.ts";
import { multipart } from "../../wire/multipart.ts";
import { flood, holdOpen, type Silent } from "../../wire/socket.ts";
import { isRefusal, statusOf, told } from "../answers.ts";
import type { Bench } from "../bench.ts";
import type { Scenario } from "../scenario.ts";
import { aliveAfter, CREATE_PATH, createOnce, usual } from "./asking.ts";

const MIB = 1024 * 1024;

/** The head of a create of this target, with its own headers. */
export function headOf(t: Bench, lines: readonly string[]): string {
  const { host, port, prefix } = t.session.origin;
  const own = Object.entries(t.session.target.headers ?? {}).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`POST ${prefix}${CREATE_PATH} HTTP/1.1`, `Host: ${host}:${port}`, ...own, ...lines].join(
    "\r\n",
  );
}

async function done(t: Bench, id: "SEC-06" | "SEC-08" | "SEC-10", what: string): Promise<void> {
  const end = await aliveAfter(t);
  if (typeof end === "string") t.expect(id, false, `${what}: the next run is done`, end);
  else t.judge(id, end.exchange, `${what}: the next run is done`, end.body["status"] === "done");
}

export const UPLOADS: readonly Scenario[] = [
  {
    name: "an endless upload",
    feeds: ["SEC-06"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const type = "Content-Type: multipart/form-data; boundary=endless";
      const start = `--endless\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n`;
      const piece = Buffer.alloc(MIB, "x");
      const framed = Buffer.concat([
        Buffer.from(`${MIB.toString(16)}\r\n`),
        piece,
        Buffer.from("\r\n"),
      ]);
      const chunked = `${headOf(t, [type, "Transfer-Encoding: chunked"])}\r\n\r\n${start.length.toString(16)}\r\n${start}\r\n`;
      const limits = { limit: 256 * MIB, timeoutMs: 60_000 * t.session.scale };
      const { sent, status, stopped } = await flood(
        t.session.origin,
        Buffer.from(chunked),
        framed,
        limits,
      );
      t.expect(
        "SEC-06",
        stopped && (status === undefined || (status >= 400 && status < 500)),
        "4xx, or closed, before 256 MiB",
        `${status ?? "no answer"} after ${Math.round(sent / MIB)} MiB`,
      );
      await done(t, "SEC-06", "after an endless upload");
    },
  },
  {
    name: "a decompression bomb",
    feeds: ["SEC-07"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { image, fields } = await t.parts();
      const content = await bomb();
      const over = new AbortController();
      const slow: number[] = [];
      const reads = (async () => {
        while (!over.signal.aborted) {
          const read = await t.send({ method: "GET", path: "/workflow-runs/no-such-run" });
          slow.push(read.end - read.start);
          await sleep(50);
        }
      })();
      const exchange = await createOnce(t, [...fields, { ...image, content }]);
      const id = t.acceptedId(exchange);
      const end = id === undefined ? undefined : await t.until(id, isEnded);
      over.abort();
      await reads;
      const fine = id === undefined ? isRefusal(exchange) : end !== undefined;
      t.expect(
        "SEC-07",
        fine,
        "4xx, or a run that ends",
        told(end?.exchange ?? exchange),
        exchange,
      );
      const worst = Math.max(...slow);
      t.expect(
        "SEC-07",
        worst <= 2_000 * t.session.scale,
        "reads are answered within 2 s meanwhile",
        `one took ${Math.round(worst)} ms`,
      );
      if (id !== undefined) await t.release(id);
    },
  },
  {
    name: "a hundred silent connections",
    feeds: ["SEC-08"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { origin } = t.session;
      const header = Buffer.from(headOf(t, ["X-Slow: "]));
      const body = Buffer.from(
        `${headOf(t, ["Content-Type: multipart/form-data; boundary=slow", "Content-Length: 100000"])}\r\n\r\n--slow\r\n`,
      );
      const silent: Silent[] = [];
      for (let count = 0; count < 50; count += 1) {
        silent.push(holdOpen(origin, header), holdOpen(origin, body));
      }
      await Promise.all(silent.map(({ opened }) => opened));
      try {
        const read = await t.send({ method: "GET", path: "/workflow-runs/no-such-run" });
        t.judge("SEC-08", read, "reads are answered: 4xx", isRefusal(read));
        await done(t, "SEC-08", "beside a hundred silent connections");
      } finally {
        for (const one of silent) one.close();
      }
    },
  },
  {
    name: "connections that stay silent",
    feeds: ["SEC-09"],
    async run(t) {
      const limit = 120_000 * t.session.scale;
      const silent = holdOpen(t.session.origin, Buffer.from(headOf(t, ["X-Slow: "])));
      const closed = await silent.closedWithin(limit);
      silent.close();
      t.expect("SEC-09", closed, `closed within ${limit / 1000} s`, "still open");
    },
  },
  {
    name: "a hundred uploads given up",
    feeds: ["SEC-10"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { contentType, body } = multipart(await usual(t));
      const half = Buffer.concat([
        Buffer.from(
          `${headOf(t, [`Content-Type: ${contentType}`, `Content-Length: ${body.length}`])}\r\n\r\n`,
        ),
        body.subarray(0, Math.floor(body.length / 2)),
      ]);
      for (let round = 0; round < 10; round += 1) {
        const given = Array.from({ length: 10 }, () => holdOpen(t.session.origin, half));
        await Promise.all(given.map(({ opened }) => opened));
        await sleep(10);
        for (const one of given) one.close();
      }
      await done(t, "SEC-10", "after a hundred uploads given up");
    },
  },
  {
    name: "pictures that can act",
    feeds: ["SEC-18"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { image, fields } = await t.parts();
      const script = "<script>alert(1)</script>";
      for (const [filename, type, content] of [
        ["a.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`],
        ["a.html", "image/html", `<!doctype html><html>${script}</html>`],
      ] as const) {
        const exchange = await t.create([...fields, { ...image, filename, type, content }]);
        const id = t.acceptedId(exchange);
        const end = id === undefined ? undefined : await t.endOf(id);
        const url = end?.body["output_url"];
        const output =
          typeof url === "string"
            ? await t.send({ method: "GET", path: url }, { meaning: { act: "output" } })
            : undefined;
        const active = /html|svg|xml|javascript/i.test(
          output?.response?.headers["content-type"] ?? "",
        );
        t.expect(
          "SEC-18",
          (isRefusal(exchange) || id !== undefined) && !active,
          `${type}: 4xx, or nothing active is served`,
          output
            ? `${statusOf(output)} ${output.response?.headers["content-type"]}`
            : told(exchange),
          output ?? exchange,
        );
      }
    },
  },
];
