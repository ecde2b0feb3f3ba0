import path from "node:path";

import type { Config } from "./config.ts";
import { dueOf } from "./runs/retention.ts";
import { createReader } from "./stores/reader.ts";
import type { EndedRun } from "./stores/run-store.ts";

const AT_ONCE = 1000;

/** Runs that have ended, as they are looked at beside whoever works on them. */
interface Ended {
  keptBytes(): number | Promise<number>;
  oldest(limit: number, after?: EndedRun): EndedRun[] | Promise<EndedRun[]>;
  close(): void | Promise<void>;
}

async function openEnded({ dataDir, shared }: Config): Promise<Ended> {
  if (!shared) return createReader(path.join(dataDir, "runs.db"));
  const { openPostgres } = await import("./stores/postgres.ts");
  const { store } = await openPostgres(shared.databaseUrl, "prune");
  const { keptBytes, oldest } = store.retirement;
  return { keptBytes, oldest, close: () => store.close() };
}

const mib = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

/**
 * What a server with these settings would retire now, as text for a person. Changes nothing, and may
 * run beside the server. Of runs that were read a moment ago only the server itself knows.
 */
export async function describePrune(config: Config, now = Date.now()): Promise<string> {
  const { retention } = config;
  const { keepMs, keepBytes } = retention;
  if (keepMs === null && keepBytes === null)
    return "Nothing: runs are kept for ever. Set --keep-runs or --keep-bytes.\n";
  const store = await openEnded(config);
  try {
    const kept = await store.keptBytes();
    const due: EndedRun[] = [];
    let bytes = kept;
    let after: EndedRun | undefined;
    for (;;) {
      const runs = await store.oldest(AT_ONCE, after);
      const found = dueOf(runs, retention, bytes, now);
      for (const { meshPath, meshBytes } of found) if (meshPath !== null) bytes -= meshBytes;
      due.push(...found);
      if (found.length < runs.length || runs.length < AT_ONCE) break;
      after = runs.at(-1);
    }
    const lines = due.map(
      ({ runId, finishedAt, meshPath, meshBytes }) =>
        `${runId}  ended ${new Date(finishedAt).toISOString()}  ${meshPath ? `${mib(meshBytes)}  ${meshPath}` : "no mesh of its own"}`,
    );
    return [
      ...lines,
      `${due.length} runs would go, and ${mib(kept - bytes)} of meshes; ${mib(bytes)} would stay.`,
      "",
    ].join("\n");
  } finally {
    await store.close();
  }
}
