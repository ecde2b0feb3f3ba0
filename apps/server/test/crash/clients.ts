import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { heavyPicture, picture } from "../support/pictures.ts";
import type { Accepted, Wish } from "./ledger.ts";
import { cancel, createAsk, createUrl, read, type World } from "./world.ts";
import { ask } from "./wire.ts";

/** Larger than any other picture here, so that a part of one that lies about is known by its size. */
export const HEAVY_BYTES = 400_000;

/** How many parts of heavy pictures lie about in a server's directory. */
export async function partUploadsIn(dataDir: string): Promise<number> {
  const uploads = path.join(dataDir, "uploads");
  const sizes = await Promise.all(
    // One that was there a moment ago may be gone.
    (await readdir(uploads)).map((name) =>
      stat(path.join(uploads, name)).catch(() => ({ size: 0 })),
    ),
  );
  // The small pictures are all smaller than this.
  return sizes.filter(({ size }) => size > 1000 && size < HEAVY_BYTES).length;
}

type Random = () => number;

const whole = (random: Random, from: number, to: number) =>
  from + Math.floor(random() * (to - from + 1));

function wishFrom(random: Random, key: string): Wish {
  const kind = random();
  const small = picture(whole(random, 0, 255));
  const keyed = random() < 0.5 ? { key } : {};
  if (kind < 0.1) return { model: "test/fail", params: { step_ms: 20 }, picture: small, ...keyed };
  if (kind < 0.2)
    return { model: "test/fingerprint", params: { step_ms: 5 }, picture: small, ...keyed };
  return {
    model: "test/steps",
    params: { steps: whole(random, 1, 20), step_ms: whole(random, 0, 40) },
    picture: kind < 0.35 ? heavyPicture(HEAVY_BYTES) : small,
    ...keyed,
  };
}

/** A body in eight pieces with pauses between them, as it comes over a slow line. */
async function* slowly(body: Buffer): AsyncGenerator<Buffer> {
  const size = Math.ceil(body.length / 8);
  for (let at = 0; at < body.length; at += size) {
    yield body.subarray(at, at + size);
    await delay(10);
  }
}

async function create(world: World, wish: Wish): Promise<Accepted | undefined> {
  const cut = wish.picture.length >= HEAVY_BYTES ? slowly : (body: Buffer) => [body];
  for (;;) {
    let sent = false;
    const onSent = () => (sent = true);
    const answer = await ask(createUrl(world), { ...createAsk(wish, cut), onSent });
    const run = answer && world.ledger.noteCreate(wish, answer);
    if (run) return run;
    if (!answer && sent) world.ledger.missAnswer();
    await delay(25);
    // Without a key nobody can know whether there is a run already.
    if (wish.key === undefined) return undefined;
  }
}

/** Reads a run to its end, and cancels it after so many reads. */
async function follow(world: World, run: Accepted, reads: number, calm: AbortSignal) {
  for (let n = 0; run.end === undefined && !calm.aborted; n++) {
    if (n === reads) await cancel(world, run);
    await read(world, run);
    await delay(25);
  }
}

/** Creates runs one after the other, reads each to its end, cancels some, until `calm`. */
export async function createAndFollow(
  world: World,
  name: string,
  random: Random,
  calm: AbortSignal,
): Promise<void> {
  for (let nth = 1; !calm.aborted; nth++) {
    const run = await create(world, wishFrom(random, `${name}-${nth}`));
    const reads = random() < 0.35 ? whole(random, 0, 8) : Infinity;
    if (run) await follow(world, run, reads, calm);
  }
}

/** Reads ended runs again and again, any of them, until `calm`. */
export async function readEnded(world: World, random: Random, calm: AbortSignal): Promise<void> {
  while (!calm.aborted) {
    const ended = world.ledger.accepted().filter(({ end }) => end !== undefined);
    const run = ended[whole(random, 0, ended.length - 1)];
    if (run) await read(world, run);
    await delay(15);
  }
}
