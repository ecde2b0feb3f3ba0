import { watch } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { heavyPicture } from "../support/pictures.ts";
import { HEAVY_BYTES, partUploadsIn } from "./clients.ts";
import type { Accepted } from "./ledger.ts";
import {
  createAsk,
  createSurely,
  createUrl,
  read,
  runUrl,
  stepsWish,
  type World,
} from "./world.ts";
import { ask } from "./wire.ts";

export interface Shot {
  readonly world: World;
  readonly random: () => number;
  /** A key that no other create has. */
  readonly key: string;
  /** Kills the server now. */
  readonly kill: () => void;
}

/**
 * Brings the server into a phase and kills it there. True when the phase was still on at the kill, as
 * far as this side could know; false when it had passed.
 */
export type Aim = (shot: Shot) => Promise<boolean>;

/** How long after an answer the server may still be busy with what it has answered, ms. */
const AFTERWARDS_MS = 10;

/** How long a part of a picture may take to the disk, ms. */
const PART_MS = 5000;

/** Kills a moment after the request has gone out, or the moment its answer comes, whichever is first. */
async function killAroundAnswer(shot: Shot, url: string, options: Parameters<typeof ask>[1]) {
  const { random, kill } = shot;
  const patience = random() * 8;
  let sent = false;
  let killed = false;
  const once = () => {
    if (!killed) kill();
    killed = true;
  };
  const answer = await ask(url, {
    ...options,
    onSent() {
      sent = true;
      setTimeout(once, patience);
    },
  });
  once();
  return { answer, sent };
}

async function untilRunning(world: World, run: Accepted): Promise<void> {
  while (run.end === undefined && run.last?.status !== "running") {
    await read(world, run);
    await delay(5);
  }
}

/** Where in its life a run can be hit. */
export const AIMS = {
  /** Half of a picture has gone out and some of it is on the disk; the other half never comes. */
  async upload({ world, random, kill }) {
    let half = false;
    const wish = { ...stepsWish(1, 0), picture: heavyPicture(HEAVY_BYTES) };
    async function* halfOf(body: Buffer) {
      yield body.subarray(0, body.length / 2);
      for (const began = performance.now(); performance.now() - began < PART_MS; await delay(2))
        if ((half = (await partUploadsIn(world.dataDir)) > 0)) break;
      await delay(random() * 30);
      kill();
      await world.server.exited;
    }
    const answer = await ask(createUrl(world), createAsk(wish, halfOf));
    return half && answer === undefined;
  },

  /** A create has gone out whole, or is answered this moment. */
  async commit(shot) {
    const { world, random, key } = shot;
    const wish = stepsWish(4, 10, random() < 0.5 ? key : undefined);
    const { answer, sent } = await killAroundAnswer(shot, createUrl(world), createAsk(wish));
    if (answer) world.ledger.noteCreate(wish, answer);
    else world.ledger.missAnswer();
    return sent;
  },

  /** A run that was just seen running, and takes longer than the wait. */
  async running({ world, random, key, kill }) {
    const run = await createSurely(world, stepsWish(40, 25, key));
    await untilRunning(world, run);
    await delay(random() * 300);
    kill();
    return run.last?.status === "running";
  },

  /** A mesh that is being put into the workspace, or a run that says `done` this moment. */
  async publishing({ world, random, key, kill }) {
    const run = await createSurely(world, stepsWish(4, 25, key));
    await untilRunning(world, run);
    const atFile = random() < 0.6;
    let lastSign = -Infinity;
    let killedAt: number | undefined;
    const once = () => {
      if (killedAt === undefined) kill();
      killedAt ??= performance.now();
    };
    // Any mesh will do: the clients' runs are published here too.
    const watcher = watch(world.collectionDir, () => {
      if (!atFile || killedAt !== undefined) return;
      lastSign = performance.now();
      setTimeout(once, random() * 3);
    });
    await ask(runUrl(world, run), {
      headers: { accept: "text/event-stream" },
      onText(text) {
        if (killedAt !== undefined || !text.includes('"status":"done"')) return;
        lastSign = performance.now();
        once();
      },
    });
    watcher.close();
    once();
    return (killedAt ?? Infinity) - lastSign <= AFTERWARDS_MS;
  },

  /** A cancel has gone out, or is answered this moment. */
  async cancelling(shot) {
    const { world, random, key } = shot;
    const run = await createSurely(world, stepsWish(40, 25, key));
    if (random() < 0.8) await untilRunning(world, run);
    const { answer, sent } = await killAroundAnswer(shot, runUrl(world, run, "/cancel"), {
      method: "POST",
    });
    if (answer) world.ledger.noteCancel(run, answer);
    return sent && run.end === undefined;
  },
} as const satisfies Record<string, Aim>;

export type Phase = keyof typeof AIMS;
export const PHASES = Object.keys(AIMS) as Phase[];
