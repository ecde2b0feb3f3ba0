import { describe, expect, onTestFinished, test } from "vitest";

import { HAS_SERVICES } from "../../server/test/support/services/for-tests.ts";
import { startPostgres } from "../../server/test/support/services/postgres.ts";
import { startRedis } from "../../server/test/support/services/redis.ts";
import { api, listener, LOCAL, picture, startService, temporary, until } from "./support.ts";

const BOUND = { timeout: 600_000 };

describe.runIf(HAS_SERVICES)("services on a database and a queue that die", BOUND, () => {
  test("go on when these are back, and nothing is lost with all that the queue had", async () => {
    const place = await temporary();
    onTestFinished(place.remove);
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    onTestFinished(() => Promise.all([postgres.stop(), redis.stop()]).then(() => undefined));
    const answers: (() => void)[] = [];
    const taker = await listener((_heard, response) => answers.push(() => response.end()));
    const answerAll = () => {
      for (const answer of answers.splice(0)) answer();
    };
    onTestFinished(taker.stop);
    const receiver = await listener();
    onTestFinished(receiver.stop);
    const args = [
      ...["--database-url", postgres.url, "--queue-url", redis.url, ...LOCAL],
      ...["--webhook-secret", `whsec_${Buffer.alloc(32, 1).toString("base64")}`],
    ];
    const nodes = await Promise.all(
      // One place each: what comes later waits in the queue.
      [1, 2].map(() => startService(place.dir, [...args, "--at-once", "1"])),
    );
    onTestFinished(() => Promise.all(nodes.map((node) => node.kill())).then(() => undefined));
    const client = api(nodes[0]!.url);
    const create = async (number: number) => {
      const file = await picture(number);
      const config = { url: `${taker.url}/${number}`, file };
      const steps = [{ id: "hand", task_type: "SEND", config }];
      const origin = { name: "Faults", origin_instance: "tests", webhook_url: receiver.url };
      return (await client.create({ ...origin, steps })).id;
    };
    const ids = [await create(1), await create(2)];
    /** Whoever began again is answered too. */
    const over = (id: string) =>
      until(async () => {
        answerAll();
        const { status, body } = await client.call("GET", `/${id}`);
        // Away for a moment.
        if (status === 503) return undefined;
        return (body as { status: string }).status === "RUNNING" ? undefined : body;
      }, id);
    await until(async () => taker.heard[1], "both nodes to be at work");
    ids.push(await create(3));

    // What it had is gone: the row alone knows that one waits.
    await redis.restart();
    answerAll();
    await until(async () => taker.heard.find(({ url }) => url === "/3"), "the one that waited");

    // Every connection is cut, and what was written is read from the log.
    await postgres.restart();
    for (const id of ids)
      expect(await over(id)).toMatchObject({
        status: "COMPLETED",
        steps: [{ status: "COMPLETED", retry_count: 0 }],
      });
    expect(await over(await create(4))).toMatchObject({ status: "COMPLETED" });

    // Started and completed, of each.
    const told = () => new Set(receiver.heard.map(({ headers }) => headers["webhook-id"]));
    await until(async () => told().size === 8 || undefined, "the webhooks");

    // Nor is a node held up by a queue that can't be told that it goes.
    await redis.stop();
    expect(await nodes[0]!.stop()).toBe(0);
  });
});
