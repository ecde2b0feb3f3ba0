import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

import type { Format } from "@modly-runs/mesh";

import { createPool } from "../children/pool.ts";
import type { StoredMesh } from "../files/run-files.ts";
import type { Log } from "../log.ts";
import type { Exporting } from "./convert-child.ts";
import { createShelf } from "./shelf.ts";

export type Exported =
  | { readonly kind: "file"; readonly file: string }
  /** One sentence on the mesh. */
  | { readonly kind: "refused"; readonly why: string }
  /** So many others want one that this one does not even wait. */
  | { readonly kind: "overloaded" };

export interface ExportWish {
  readonly mesh: StoredMesh;
  readonly workspacePath: string;
  readonly format: Format;
  /** Millimetres of the longest side. */
  readonly sizeMm?: number | undefined;
}

/** Finished meshes in other formats, made outside the process that serves. */
export interface Exports {
  make(wish: ExportWish): Promise<Exported>;
  /** Ends the processes that convert. */
  close(): Promise<void>;
}

/** Conversions at once, and how many may wait. */
const PLACES = 2;
const MOST_WAITING = 16;
/** What one conversion may take: bytes of its mesh, memory of its process, ms. */
const MOST_MESH_BYTES = 512 * 1024 ** 2;
const MEMORY_BYTES = 2 * 1024 ** 3;
const MOST_MS = 60_000;
/** A converter that has waited so long is let go, ms. */
const IDLE_MS = 30_000;

/** Names a conversion by all that it depends on: a mesh that was replaced is another. */
function keyOf({ mesh, workspacePath, format, sizeMm }: ExportWish): string {
  const parts = [workspacePath, mesh.tag, format, sizeMm ?? null];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/**
 * Converts in child processes: few at once, each bounded in memory and time. Who asks for what is
 * being made waits for the same file, and what was made is kept for a while.
 *
 * @param directory ours alone; emptied here
 */
export async function createExports(directory: string, log: Log): Promise<Exports> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const shelf = createShelf(log);
  const making = new Map<string, Promise<Exported>>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  const pool = createPool<Exporting>({
    program: { module: new URL("./convert-child", import.meta.url), memoryBytes: MEMORY_BYTES },
    places: PLACES,
    spare: false,
    idleMs: IDLE_MS,
    onDeath: (death) => log.warn({ ...death }, "a child that converts died"),
  });

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (taken >= PLACES) await new Promise<void>((resolve) => waiting.push(resolve));
    else taken++;
    try {
      return await work();
    } finally {
      // The place goes to who waits, or back.
      const next = waiting.shift();
      if (next) next();
      else taken--;
    }
  }

  async function convert(order: Exporting["order"]): Promise<string | undefined> {
    const outcome = await pool.run(order, AbortSignal.timeout(MOST_MS), () => {});
    if (outcome.kind === "made") return outcome.made.why;
    if (outcome.kind === "stopped")
      return `It takes more than ${MOST_MS / 1000} seconds; simplify the mesh first.`;
    return outcome.death.of === "memory"
      ? `It takes more than ${MEMORY_BYTES / 1024 ** 3} GiB of memory; simplify the mesh first.`
      : "The process that tried ended unexpectedly.";
  }

  async function make({ mesh, format, sizeMm }: ExportWish, key: string): Promise<Exported> {
    const draft = path.join(directory, randomUUID());
    const size = sizeMm === undefined ? {} : { sizeMm };
    try {
      const why = await inTurn(() =>
        mesh.asFile(directory, (file) => convert({ file, format, to: draft, ...size })),
      );
      if (why !== undefined) return { kind: "refused", why };
      const file = path.join(directory, key);
      await rename(draft, file);
      shelf.put(key, file, (await stat(file)).size);
      return { kind: "file", file };
    } finally {
      await rm(draft, { force: true });
    }
  }

  return {
    async make(wish) {
      const key = keyOf(wish);
      const kept = shelf.find(key);
      if (kept !== undefined) return { kind: "file", file: kept };
      const underWay = making.get(key);
      if (underWay) return underWay;
      if (wish.mesh.bytes > MOST_MESH_BYTES)
        return { kind: "refused", why: `It has more than ${MOST_MESH_BYTES / 1024 ** 2} MiB.` };
      if (waiting.length >= MOST_WAITING) return { kind: "overloaded" };
      const made = make(wish, key).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    async close() {
      shelf.close();
      await pool.close();
    },
  };
}
