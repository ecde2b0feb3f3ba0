import { setTimeout as delay } from "node:timers/promises";

import { picture } from "../support/pictures.ts";
import type { ListeningServer } from "../support/server-process.ts";
import type { Accepted, Ledger, Wish } from "./ledger.ts";
import { type Answer, ask, type Ask, formOf } from "./wire.ts";

/** The server as its clients have it: sometimes it is not there. */
export interface World {
  readonly ledger: Ledger;
  readonly dataDir: string;
  /** Where the meshes of all these runs are published. */
  readonly collectionDir: string;
  server: ListeningServer;
}

/** The collection of every run here. */
export const COLLECTION = "Storm";

export function createUrl({ server }: World): string {
  return `${server.url}/workflow-runs/from-image`;
}

export function runUrl({ server }: World, { runId }: Accepted, rest = ""): string {
  return `${server.url}/workflow-runs/${runId}${rest}`;
}

/** A run of `steps` steps like most others here. */
export function stepsWish(steps: number, step_ms: number, key?: string): Wish {
  const wish = { model: "test/steps", params: { steps, step_ms }, picture: picture() };
  return key === undefined ? wish : { ...wish, key };
}

/** The request of a create; `cut` sends its body in pieces. */
export function createAsk(
  { model, params, picture, key }: Wish,
  cut: (body: Buffer) => Ask["body"] = (body) => [body],
): Ask {
  const fields = { model_id: model, params: JSON.stringify(params), collection: COLLECTION };
  const { body, headers } = formOf(picture, fields);
  return {
    method: "POST",
    headers: { ...headers, ...(key === undefined ? {} : { "idempotency-key": key }) },
    body: cut(body) ?? [],
  };
}

const RETRY_MS = 20;

/** Refusals that another try may not meet: under way still, not now, or a server that slept meanwhile. */
const isMatterOfTime = ({ status }: Answer) => [408, 409, 503].includes(status);

/** Asks again and again until there is an answer: the server may be dead at the moment. */
export async function insist(url: () => string, options: () => Ask = () => ({})): Promise<Answer> {
  for (;;) {
    const answer = await ask(url(), options());
    if (answer && !isMatterOfTime(answer)) return answer;
    await delay(RETRY_MS);
  }
}

/** Creates a run and is sure to get its answer. The wish needs a key. */
export async function createSurely(world: World, wish: Wish): Promise<Accepted> {
  const answer = await insist(
    () => createUrl(world),
    () => createAsk(wish),
  );
  const run = world.ledger.noteCreate(wish, answer);
  if (!run) throw new Error(`a create was refused: ${answer.text}`);
  return run;
}

/** Reads the run, however long it takes to get an answer. */
export async function read(world: World, run: Accepted): Promise<void> {
  world.ledger.noteRead(run, await insist(() => runUrl(world, run)));
}

/** Cancels the run, however long it takes to get an answer. */
export async function cancel(world: World, run: Accepted): Promise<void> {
  const answer = await insist(
    () => runUrl(world, run, "/cancel"),
    () => ({ method: "POST" }),
  );
  world.ledger.noteCancel(run, answer);
}

/** Asks for an answered create again under its key. */
export async function repeat(world: World, { wish }: Accepted): Promise<string | undefined> {
  const { text } = await insist(
    () => createUrl(world),
    () => createAsk(wish),
  );
  return (JSON.parse(text) as { run_id?: string }).run_id;
}
