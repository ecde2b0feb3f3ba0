import type { Registry } from "./generators/registry.ts";
import type { RunStore } from "./stores/run-store.ts";

/** What can keep a server that is alive from taking a run, and how it is said. */
const OBSTACLES = {
  stopping: "it is stopping",
  store_lost: "its store is gone",
  disk_full: "its disk is full",
  no_model: "it has no model",
} as const;
export type Obstacle = keyof typeof OBSTACLES;

/** With less room than this a create is likely to fail, bytes. */
const ROOM = 64 * 1024 ** 2;

export interface ReadinessDeps {
  readonly store: Pick<RunStore, "fault">;
  readonly registry: Pick<Registry, "list">;
  readonly stopping: AbortSignal;
  /** Room on each disk that a run needs, bytes; null where that can't be said. */
  readonly room: () => Promise<readonly (number | null)[]>;
}

/** Why the server could not take a run now. */
export async function obstaclesOf(deps: ReadinessDeps): Promise<Obstacle[]> {
  const [fault, models, room] = await Promise.all([
    deps.store.fault(),
    deps.registry.list(),
    deps.room(),
  ]);
  const met: Record<Obstacle, boolean> = {
    stopping: deps.stopping.aborted,
    store_lost: fault !== undefined,
    disk_full: room.some((bytes) => bytes !== null && bytes < ROOM),
    no_model: models.length === 0,
  };
  return (Object.keys(met) as Obstacle[]).filter((obstacle) => met[obstacle]);
}

/** One sentence for a person. */
export function sentenceOf(obstacles: readonly Obstacle[]): string {
  return `The server can't take a run: ${obstacles.map((each) => OBSTACLES[each]).join(", ")}.`;
}
