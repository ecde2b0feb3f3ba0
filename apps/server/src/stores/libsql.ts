import { isEnded } from "@modly-runs/contract";

import { createIdentity } from "./identity.ts";
import { StoreUnusable, toRow } from "./layout.ts";
import { createReader } from "./reader.ts";
import { createRecent } from "./recent.ts";
import type { ActiveCount, CreateOutcome, RunChange, RunRow, RunStore } from "./run-store.ts";
import { startWriter } from "./writer-client.ts";

export { StoreUnusable };

/**
 * Keeps runs in one SQLite file. Changes go to a thread, because they wait for the disk; reads are
 * answered here, from the rows seen last or by a connection that never waits for a writer.
 *
 * @throws StoreUnusable when the file is corrupt, busy or of another version.
 */
export async function createLibsqlStore(file: string): Promise<RunStore> {
  const writer = await startWriter(file);
  const identity = createIdentity(file);
  const reader = createReader(file);
  const recent = createRecent<RunRow>();

  const { read } = reader;

  function keep(stored: unknown): RunRow {
    const row = toRow(stored);
    recent.set(row.runId, row);
    return row;
  }
  return {
    async create({ params, ...run }, maxPending) {
      const write = {
        kind: "create",
        run: { ...run, params: JSON.stringify(params) },
        maxPending,
      } as const;
      const outcome = (await writer.write(write)) as CreateOutcome;
      return outcome.kind === "created" ? { kind: "created", row: keep(outcome.row) } : outcome;
    },
    async get(runId) {
      const known = recent.get(runId);
      if (known) return known;
      const stored = read(({ byId }) => byId.get(runId));
      return stored === undefined ? undefined : keep(stored);
    },
    async paramsOf(runId) {
      const stored = read(({ params }) => params.get(runId)) as { params: string } | undefined;
      return stored && (JSON.parse(stored.params) as Record<string, unknown>);
    },
    async findByKey(key) {
      const found = read(({ byKey }) => byKey.get(key)) as
        | { runId: string; digest: string }
        | undefined;
      return found && { runId: found.runId, digest: found.digest };
    },
    async change({ runId, status, revision, owner, attempts }, change: RunChange) {
      const stored = await writer.write({
        kind: "change",
        seen: { runId, status, revision, owner, attempts },
        change,
        rises: !isEnded(status),
        durable: change.status !== undefined && isEnded(change.status),
      });
      if (stored !== undefined) return keep(stored);
      recent.delete(runId);
      return undefined;
    },
    async list(selection) {
      return read((statements) => statements[selection].all()).map(toRow);
    },
    async countActive() {
      return (read(({ counts }) => counts.all()) as ActiveCount[]).map(
        ({ status, modelId, runs }) => ({ status, modelId, runs }),
      );
    },
    retirement: {
      oldest: async (limit, after) => reader.oldest(limit, after),
      keptBytes: async () => reader.keptBytes(),
      async retire(runId, now) {
        const gone = (await writer.write({ kind: "retire", runId, now })) as boolean;
        if (gone) recent.delete(runId);
        return gone;
      },
      unremoved: async () => reader.unremoved(),
      async removed(runId) {
        await writer.write({ kind: "removed", runId });
      },
      async isRetired(runId) {
        return read(({ retired }) => retired.get(runId)) !== undefined;
      },
    },
    isShared: false,
    watch: () => () => {},
    fault: async () => identity.fault(),
    lost: writer.lost,
    async close() {
      // First: the last connection to close puts the file in order.
      reader.close();
      await writer.close();
    },
  };
}
