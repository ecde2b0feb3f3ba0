import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";

const FLAG = "--shard";

/** The part of the items that this process tries; undefined in the process that gathers. */
export function ownShare<T>(items: readonly T[]): readonly T[] | undefined {
  const at = process.argv.indexOf(FLAG);
  const [shard, of] = at < 0 ? [] : (process.argv[at + 1] ?? "").split("/").map(Number);
  if (shard === undefined || of === undefined) return undefined;
  return items.filter((_, index) => index % of === shard);
}

/** Starts a script once for each core (or ZOO_PROCESSES times), with the same flags, and hears what each of them tells. */
export async function inShards(script: string, hear: (told: unknown) => void): Promise<void> {
  const shards = Number(process.env["ZOO_PROCESSES"] ?? availableParallelism());
  await Promise.all(
    Array.from({ length: shards }, async (_, shard) => {
      const child = fork(script, [...process.argv.slice(2), FLAG, `${shard}/${shards}`]);
      child.on("message", hear);
      const [code] = (await once(child, "exit")) as [number | null];
      if (code !== 0) throw new Error(`shard ${shard} ended with ${code}`);
    }),
  );
}
