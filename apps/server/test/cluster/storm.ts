import { setTimeout as wait } from "node:timers/promises";

import type { Role } from "../../src/config.ts";
import { createAndFollow, readEnded } from "../crash/clients.ts";
import { judge, type Verdict } from "../crash/judge.ts";
import { createLedger } from "../crash/ledger.ts";
import type { World } from "../crash/world.ts";
import { randomFrom } from "../storms/random.ts";
import type { ListeningServer } from "../support/server-process.ts";
import { startFaultProxy } from "../support/services/fault-proxy.ts";
import { startPostgres } from "../support/services/postgres.ts";
import { startRedis } from "../support/services/redis.ts";
import { startObjectStorage } from "../support/services/s3.ts";
import { makeCluster } from "./cluster.ts";
import { openRoundRobin } from "./round-robin.ts";
import { createWatch, type TakenOver } from "./watch.ts";

export interface Storm {
  /** How long faults go on, ms. */
  readonly ms: number;
  readonly seed: number;
  /** The least and the most time from one fault to the next, ms. */
  readonly between?: readonly [number, number];
  readonly onFault?: (what: string) => void;
}

export interface StormReport extends Verdict {
  readonly seed: number;
  /** How often each thing was done to the cluster. */
  readonly faults: Readonly<Record<Fault, number>>;
  /** Runs whose worker was killed, and how long it took until they were another's or ended, ms. */
  readonly takenOver: TakenOver;
  /** Creates that were sent and never answered: nothing is promised of them. */
  readonly unanswered: number;
  /** Everything a client was told and that turned out otherwise, a sentence each. */
  readonly wrong: readonly string[];
}

const ROLES: readonly Role[] = ["api", "api", "worker", "worker", "worker"];
const CLIENTS = 4;

/** A place in the cluster, and the process that has it now. */
interface Place {
  readonly role: Role;
  node: ListeningServer;
  /** Something is being done to it. */
  isHit: boolean;
}

type Fault = "killed" | "stopped" | "redis" | "postgres" | "cut" | "s3";

/** A bucket whose answers can be made to fail. */
async function openBucket() {
  const storage = await startObjectStorage();
  const proxy = await startFaultProxy(storage.endpoint);
  await storage.makeBucket(BUCKET);
  return {
    proxy,
    filesUrl: `s3://key:secret@${BUCKET}?endpoint=${proxy.url}&timeout=1s`,
    async list(): Promise<string[]> {
      const keys: string[] = [];
      for (let after = ""; ; after = keys.at(-1)!) {
        const query = new URLSearchParams({ "list-type": "2", "start-after": after });
        const answer = await (
          await fetch(`${storage.endpoint}/${BUCKET}?${query.toString()}`)
        ).text();
        const page = [...answer.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
        if (page.length === 0) return keys;
        keys.push(...page);
      }
    },
    async stop() {
      await proxy.stop();
      await storage.stop();
    },
  };
}
const BUCKET = "storm";

/**
 * Five processes of the server, PostgreSQL, Redis and S3, all of which are killed, stopped, cut off or
 * made to fail again and again while clients create, cancel and read; at last everything that was answered is held
 * against what is there.
 */
export async function storm(options: Storm): Promise<StormReport> {
  const { ms, seed, between = [500, 3000], onFault } = options;
  const random = randomFrom(seed);
  const undo: (() => Promise<unknown>)[] = [];
  const calm = new AbortController();
  try {
    const [postgres, redis, bucket] = await Promise.all([
      startPostgres(),
      startRedis(),
      openBucket(),
    ]);
    undo.unshift(postgres.stop, redis.stop, bucket.stop);
    const cluster = await makeCluster(
      { database: postgres.url, queue: redis.url },
      { filesUrl: bucket.filesUrl, args: ["--request-timeout=5", "--max-attempts=4"] },
    );
    undo.unshift(cluster.remove);
    const ledger = createLedger();
    const asked = new Set<ListeningServer>();
    /** A node that ends and was not killed has a fault of its own. */
    async function start(role: Role): Promise<ListeningServer> {
      const node = await cluster.start(role);
      void node.exited.then(
        ({ code, signal }) =>
          asked.has(node) ||
          ledger.wrong.push(`${role} ended by itself (${code ?? signal}): ${node.stderr()}`),
      );
      return node;
    }
    const places: Place[] = await Promise.all(
      ROLES.map(async (role) => ({ role, node: await start(role), isHit: false })),
    );
    const door = await openRoundRobin(() =>
      places.filter(({ role }) => role === "api").map(({ node }) => node.url),
    );
    undo.unshift(door.close);
    const watch = createWatch(cluster.database);
    undo.unshift(watch.stop);

    const world: World = {
      // Nobody looks at directories here.
      ...{ ledger, collectionDir: "", dataDir: "" },
      server: { ...places[0]!.node, url: door.url },
    };
    const faults: Record<Fault, number> = {
      ...{ killed: 0, stopped: 0, redis: 0, postgres: 0, cut: 0, s3: 0 },
    };
    const under = new Set<Promise<unknown>>();

    const acts: Record<Fault, (place: Place) => Promise<unknown>> = {
      async killed(place) {
        const id = await watch.idOf(place.node.url);
        asked.add(place.node);
        await place.node.kill("SIGKILL");
        if (id !== undefined && place.role === "worker") watch.died(id);
        await wait(random() * 3000);
        place.node = await start(place.role);
      },
      async stopped(place) {
        process.kill(place.node.pid, "SIGSTOP");
        await wait(random() * 12_000);
        process.kill(place.node.pid, "SIGCONT");
      },
      async s3() {
        bucket.proxy.fail((["500", "hang", "cut"] as const)[Math.floor(random() * 3)]!);
        await wait(random() * 4000);
        bucket.proxy.fail("none");
      },
      redis: () => redis.restart(),
      postgres: () => postgres.restart().finally(watch.databaseIsBack),
      cut: () =>
        cluster.database
          .query(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()",
          )
          .catch(() => undefined),
    };
    const kinds: readonly Fault[] = [
      ...["killed", "killed", "killed", "stopped", "stopped"],
      ...["redis", "cut", "postgres", "s3", "s3"],
    ] as Fault[];

    async function hit(): Promise<void> {
      const kind = kinds[Math.floor(random() * kinds.length)]!;
      const place = places[Math.floor(random() * places.length)]!;
      const needsPlace = kind === "killed" || kind === "stopped";
      if (needsPlace && place.isHit) return;
      onFault?.(needsPlace ? `${kind} ${place.role}` : kind);
      faults[kind]++;
      if (needsPlace) place.isHit = true;
      await acts[kind](place);
      if (needsPlace) place.isHit = false;
    }
    async function hitAll(): Promise<void> {
      try {
        for (const until = performance.now() + ms; performance.now() < until;) {
          const one = hit().finally(() => under.delete(one));
          under.add(one);
          // One service at a time; nodes as they come.
          await Promise.race([one, wait(3000)]);
          await wait(between[0] + random() * (between[1] - between[0]));
        }
        await Promise.all(under);
      } finally {
        calm.abort();
      }
    }

    await Promise.all([
      hitAll(),
      readEnded(world, randomFrom(seed + CLIENTS + 1), calm.signal),
      ...Array.from({ length: CLIENTS }, (_, index) =>
        createAndFollow(world, `${seed}-${index}`, randomFrom(seed + index + 1), calm.signal),
      ),
    ]);
    const verdict = await judge(world, bucket.list);
    for (const { node } of places) asked.add(node);
    return {
      ...verdict,
      ...{ seed, faults, wrong: ledger.wrong },
      takenOver: watch.takenOver(),
      unanswered: ledger.unanswered(),
    };
  } finally {
    calm.abort();
    for (const step of undo) await step();
  }
}
