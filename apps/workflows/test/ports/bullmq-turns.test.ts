import { randomUUID } from "node:crypto";

import { pino } from "pino";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { databaseForTest } from "../../../server/test/support/database.ts";
import { HAS_SERVICES, servicesForTests } from "../../../server/test/support/services/for-tests.ts";
import { openBullmqTurns } from "../../src/turns/bullmq.ts";
import { describeTurnQueue, type OpenedTurns, taker } from "./turn-queue.contract.ts";

const log = pino({ level: "silent" });

async function onRedis(): Promise<OpenedTurns> {
  const url = new URL((await servicesForTests()).queue);
  url.searchParams.set("prefix", `t${randomUUID()}`);
  return { node: () => openBullmqTurns(url.href, { places: 2, log }), remove: async () => {} };
}

async function onPostgres(): Promise<OpenedTurns> {
  const database = await databaseForTest((await servicesForTests()).database);
  return {
    node: () => openBullmqTurns(database.url, { places: 2, log }),
    remove: database.drop,
  };
}

describe.runIf(HAS_SERVICES)("BullMQ", () => {
  for (const [name, open] of [
    ["Redis", onRedis],
    ["PostgreSQL", onPostgres],
  ] as const) {
    describeTurnQueue(`BullMQ on ${name}`, open);

    it(`shares turns among nodes on ${name}, each handed out once`, async () => {
      const opened = await open();
      const nodes = await Promise.all([opened.node(), opened.node(), opened.node()]);
      const who = nodes.map(() => taker());
      onTestFinished(async () => {
        const ending = setInterval(() => who.forEach((one) => one.endAll()), 10);
        await Promise.all(nodes.map((node) => node.pause().then(() => node.close())));
        clearInterval(ending);
        await opened.remove();
      });
      nodes.forEach((node, at) => node.start(who[at]!.take, who[at]!.isLeft));
      const ids = Array.from({ length: 6 }, (_, at) => `w${at}`);
      await Promise.all(nodes.map((node) => node.add(ids)));
      await vi.waitFor(() => expect(who.map(({ taken }) => taken.length)).toEqual([2, 2, 2]), {
        timeout: 60_000,
        interval: 10,
      });
      expect(who.flatMap(({ taken }) => taken).toSorted()).toEqual(ids);
    });
  }
});
