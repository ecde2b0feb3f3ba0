import { mkdir } from "node:fs/promises";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { databaseForTest } from "../../server/test/support/database.ts";
import { HAS_SERVICES, servicesForTests } from "../../server/test/support/services/for-tests.ts";
import {
  api,
  childrenOf,
  from,
  listener,
  LOCAL,
  picture,
  startService,
  type Started,
  temporary,
  until,
} from "./support.ts";

const SECRET = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

/** Services with the same files on a database of their own; the queue is where the workflows are. */
async function makeGroup() {
  const place = await temporary();
  const database = await databaseForTest((await servicesForTests()).database);
  const started: Started[] = [];
  const dir = path.join(place.dir, "files");
  await mkdir(dir);
  return {
    place,
    database,
    async nodes(count: number, ...args: string[]): Promise<Started[]> {
      const all = await Promise.all(
        Array.from({ length: count }, () =>
          startService(dir, ["--database-url", database.url, ...LOCAL, ...args]),
        ),
      );
      started.push(...all);
      return all;
    },
    async remove() {
      await Promise.all(started.map((one) => one.kill()));
      await database.drop();
      await place.remove();
    },
  };
}
type Group = Awaited<ReturnType<typeof makeGroup>>;

const BOUND = { timeout: 600_000 };

describe.runIf(HAS_SERVICES)("several services on one database", BOUND, () => {
  let group: Group;
  let a: Started;
  let b: Started;
  let c: Started;
  beforeAll(async () => {
    group = await makeGroup();
    const three = await group.nodes(3, "--webhook-secret", SECRET, "--at-once", "2");
    [a, b, c] = three as [Started, Started, Started];
  });
  afterAll(() => group.remove());
  /** For those that are not the same after it. */
  async function ownGroup(): Promise<Group> {
    const own = await makeGroup();
    onTestFinished(own.remove);
    return own;
  }

  /** The steps here need no server. */
  const resize = (id: string, number: number, ...needs: string[]) => ({
    id,
    task_type: "RESIZE",
    ...(needs.length > 0
      ? { config: { longest: 16 }, input_mappings: needs.map((need) => from(need, "image")) }
      : { config: { image: picture(number), longest: 32 } }),
  });
  const body = async (steps: object[], more: object = {}) => ({
    ...{ name: "Shared", origin_instance: "tests", ...more },
    steps: await Promise.all(
      steps.map(async (step) => {
        const { config } = step as { config: { image?: Promise<string> } };
        return {
          ...step,
          config: { ...config, ...(config.image && { image: await config.image }) },
        };
      }),
    ),
  });
  /** Takes what a step sends, and answers when told. */
  async function slow() {
    const answers: ((said?: string) => void)[] = [];
    const taker = await listener((_heard, response) =>
      answers.push((said = "") => response.end(said)),
    );
    const step = async () => ({
      id: "hand",
      task_type: "SEND",
      config: { url: taker.url, file: await picture(1) },
    });
    return { ...taker, answers, step };
  }

  test("any of them shows what another one does, to its end, and serves its files", async () => {
    const taker = await slow();
    try {
      const { id } = await api(a.url).create(
        await body([await taker.step(), resize("one", 7), resize("two", 7, "one")], {
          origin_instance: "seen",
        }),
      );
      const stream = await fetch(`${b.url}/api/v1/workflows/${id}`, {
        headers: { accept: "text/event-stream" },
      });
      await until(async () => taker.answers[0], "the step that sends");
      taker.answers[0]!();
      const told = await stream.text();
      const seen = [...told.matchAll(/^data: (.*)$/gm)].map(
        ([, data]) => JSON.parse(data!) as { status: string; completed_steps: number },
      );
      expect(seen.at(-1)).toMatchObject({ status: "COMPLETED", completed_steps: 3 });
      const end = await api(b.url).get(id);
      const { url } = end.steps[2]!.result!["image"] as { url: string };
      expect(await api(b.url).bytes(url)).toEqual(await api(a.url).bytes(url));
      const { body: list } = await api(b.url).call("GET", "/?origin_instance=seen");
      expect(list).toMatchObject({ total: 1, workflows: [{ id }] });
    } finally {
      await taker.stop();
    }
  });

  test("a pause, a resume, a change and a cancel count whichever of them is asked", async () => {
    const [atA, atB, atC] = [a, b, c].map(({ url }) => api(url));
    const taker = await slow();
    try {
      const made = await atA!.create(
        await body([await taker.step(), { ...resize("after", 8), depends_on: ["hand"] }]),
      );
      await until(async () => taker.answers[0], "the step that sends");
      const paused = await Promise.all(
        [atB, atC].map((one) => one!.call("POST", `/${made.id}/pause`)),
      );
      expect(paused.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
        200, 409,
      ]);
      taker.answers[0]!();
      await atA!.until(made.id, ({ completed_steps }) => completed_steps === 1);
      expect(await atC!.workflow("PATCH", `/${made.id}`, { name: "Other" })).toMatchObject({
        name: "Other",
        status: "PAUSED",
        steps: [{ status: "COMPLETED" }, { status: "PENDING" }],
      });
      await atC!.workflow("POST", `/${made.id}/resume`);
      expect(await atB!.ended(made.id)).toMatchObject({ name: "Other", status: "COMPLETED" });

      const { id } = await atA!.create(await body([await taker.step()]));
      await until(async () => taker.answers[1], "the step that sends");
      // Two of them are not the one that does it.
      expect(await atB!.workflow("DELETE", `/${id}`)).toMatchObject({
        status: "CANCELLED",
        steps: [{ status: "CANCELLED" }],
      });
      expect(await atC!.get(id)).toMatchObject({ status: "CANCELLED" });
    } finally {
      await taker.stop();
    }
  });

  test("one that is stopped leaves what it was at to the others, at once", async () => {
    const { nodes } = await ownGroup();
    const taker = await slow();
    try {
      const [first] = await nodes(1);
      const { id } = await api(first!.url).create(await body([await taker.step()]));
      await until(async () => taker.answers[0], "the step that sends");
      const [second] = await nodes(1);
      expect(await first!.stop()).toBe(0);
      await until(async () => taker.answers[1], "the step at the other one");
      taker.answers[1]!();
      expect(await api(second!.url).ended(id)).toMatchObject({
        status: "COMPLETED",
        steps: [{ retry_count: 0 }],
      });
      const keys = taker.heard.map(({ headers }) => headers["idempotency-key"]);
      expect(keys).toEqual([keys[0], keys[0]]);
    } finally {
      await taker.stop();
    }
  });

  test("what one that was asleep brings late changes nothing", async () => {
    const { nodes } = await ownGroup();
    const taker = await slow();
    try {
      const [first] = await nodes(1);
      const { id } = await api(first!.url).create(
        await body([await taker.step(), resize("two", 5)]),
      );
      await until(async () => taker.answers[0], "the step that sends");
      const [second] = await nodes(1);
      const asleep = [first!.child.pid!, ...childrenOf(first!)];
      for (const pid of asleep) process.kill(pid, "SIGSTOP");
      await until(async () => taker.answers[1], "the step at the other one");
      for (const pid of asleep) process.kill(pid, "SIGCONT");
      taker.answers[0]!("late");
      // Awake, it is one of them as before.
      const { id: next } = await api(first!.url).create(await body([resize("one", 6)]));
      expect(await api(first!.url).ended(next)).toMatchObject({ status: "COMPLETED" });
      expect(await api(first!.url).get(id)).toMatchObject({ steps: [{ status: "RUNNING" }, {}] });
      const end = await until(async () => {
        for (const answer of taker.answers.splice(1)) answer("in time");
        const now = await api(second!.url).get(id);
        return now.status === "RUNNING" ? undefined : now;
      }, "the end");
      expect(end).toMatchObject({
        status: "COMPLETED",
        steps: [{ retry_count: 0, result: { status: 200, body: "in time" } }, {}],
      });
      expect(await api(first!.url).get(id)).toEqual(end);
    } finally {
      await taker.stop();
    }
  });

  test("many workflows at once are each done once, and each webhook is sent once", async () => {
    const all = [a, b, c];
    const receiver = await listener();
    try {
      const ids = await Promise.all(
        Array.from({ length: 12 }, async (_, at) => {
          const made = await body([resize("one", 20 + at), resize("two", 20 + at, "one")], {
            ...{ webhook_url: receiver.url, suppress_subtask_events: false },
          });
          return (await api(all[at % 3]!.url).create(made)).id;
        }),
      );
      for (const id of ids)
        expect(await api(all[0]!.url).ended(id)).toMatchObject({ status: "COMPLETED" });
      // Started, two steps, completed.
      await until(async () => receiver.heard[12 * 4 - 1], "the webhooks");
      const delivered = await until(async () => {
        const logs = await Promise.all(
          ids.map((id) => api(all[1]!.url).call("GET", `/${id}/deliveries`)),
        );
        const found = logs.flatMap(
          (log) => (log.body as { deliveries: { status: string; attempts: number }[] }).deliveries,
        );
        return found.every(({ status }) => status === "delivered") ? found : undefined;
      }, "the deliveries");
      expect(delivered.map(({ attempts }) => attempts)).toEqual(Array(48).fill(1));
      const told = receiver.heard.map(({ headers }) => headers["webhook-id"]);
      expect([told.length, new Set(told).size]).toEqual([48, 48]);
    } finally {
      await receiver.stop();
    }
  });

  test("one whose connections are cut goes on when the database is back", async () => {
    const { database } = group;
    const taker = await slow();
    try {
      const { id } = await api(a.url).create(await body([await taker.step(), resize("one", 9)]));
      await until(async () => taker.answers[0], "the step that sends");
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'modly-workflows ${database.schema}%' or application_name = '${database.schema}_queue'`,
      );
      taker.answers[0]!();
      expect(await api(a.url).ended(id)).toMatchObject({ status: "COMPLETED" });
    } finally {
      await taker.stop();
    }
  });

  test("one that has other files, or a database that is not there, does not start, and says why", async () => {
    const { place, database } = group;
    const elsewhere = (url: string) =>
      startService(path.join(place.dir, "elsewhere"), ["--database-url", url]);
    await expect(elsewhere(database.url)).rejects.toThrow(
      /All services on one database need the same --data-dir/,
    );
    await expect(elsewhere("postgres://nobody@127.0.0.1:1/none")).rejects.toThrow(
      /The database can't be used: the database can't be reached/,
    );
  });
});
