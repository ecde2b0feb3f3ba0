import Database from "libsql";

import { COLUMNS, ROW, WHERE } from "./columns.ts";
import { createIdentity } from "./identity.ts";
import { openStoreFile } from "./layout.ts";
import type { NewRun, RunChange, RunRow } from "./run-store.ts";

/** A change of the store. Each is one statement or a few, and may share its transaction with others. */
export type Write =
  | {
      readonly kind: "create";
      readonly run: Omit<NewRun, "params"> & { readonly params: string };
      readonly maxPending: number;
    }
  | {
      readonly kind: "change";
      readonly seen: Pick<RunRow, "runId" | "status" | "revision" | "owner" | "attempts">;
      readonly change: RunChange;
      /** An ended run keeps its revision, whatever is tidied up. */
      readonly rises: boolean;
      /** True for what must outlive a power cut. */
      readonly durable: boolean;
    }
  | { readonly kind: "retire"; readonly runId: string; readonly now: number }
  | { readonly kind: "removed"; readonly runId: string };

/** The file was deleted or replaced while the server ran: what is written now would be lost. */
const LOST = "STORE_LOST";

/** So many retired runs are remembered, and up to twice as many. */
const RETIRED_KEPT = 100_000;

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database.Database) {
  const updates = new Map<string, Database.Statement>();
  return {
    byKey: db.prepare("select run_id as runId, digest from runs where idempotency_key = ?"),
    // Said both ways: by the second alone SQLite would not know that the index of active runs has them all.
    pending: db.prepare(
      `select count(*) as n from runs where ${WHERE.active} and status = 'pending'`,
    ),
    insert: db.prepare(
      `insert into runs (run_id, model_id, collection, params, upload, status, progress, attempts,
         revision, created_at, idempotency_key, digest)
       values (?, ?, ?, ?, ?, 'pending', 0, 0, 1, ?, ?, ?) returning ${ROW}`,
    ),
    /** One statement for each set of fields that changes together. */
    update(fields: readonly (keyof RunChange)[], rises: boolean): Database.Statement {
      const sets = fields.map((field) => `${COLUMNS[field]} = ?`);
      if (rises) sets.push("revision = revision + 1");
      const sql = `update runs set ${sets.join(", ")}
        where run_id = ? and status = ? and revision = ? and owner is ? and attempts = ?
        returning ${ROW}`;
      let found = updates.get(sql);
      if (!found) updates.set(sql, (found = db.prepare(sql)));
      return found;
    },
    // A mesh that another run shows too is left to that one.
    inherit: db.prepare(
      `update runs set mesh_is_ours = 1 where seq = (
         select other.seq from runs as run
           join runs as other on other.workspace_path = run.workspace_path
         where run.run_id = ? and run.mesh_is_ours and other.mesh_is_ours = 0
           and other.workspace_path is not null and other.status = 'done' limit 1) returning seq`,
    ),
    disown: db.prepare("update runs set mesh_is_ours = 0 where run_id = ?"),
    bury: db.prepare(
      `insert into retired (run_id, retired_at, mesh_path, mesh_sha256, mesh_bytes)
       select run_id, ?, iif(status = 'done' and mesh_is_ours, workspace_path, null),
         mesh_sha256, mesh_bytes
       from runs where run_id = ? and finished_at is not null returning seq`,
    ),
    remove: db.prepare("delete from runs where run_id = ?"),
    forget: db.prepare("delete from retired where seq <= ? and mesh_path is null"),
    removed: db.prepare("update retired set mesh_path = null where run_id = ?"),
  };
}

/** The one connection that writes. Everything here waits for the disk, so it runs on a thread of its own. */
export function openWriter(file: string) {
  let db: Database.Database | undefined = openStoreFile(file);
  let statements: Statements | undefined;
  let synchronous = "";
  const identity = createIdentity(file);

  /** A connection that failed may hold a statement open, and with it an old state for ever: it is not used again. */
  function discard(): void {
    const old = db;
    db = statements = undefined;
    synchronous = "";
    try {
      old?.close();
    } catch {
      // It failed before.
    }
  }

  function connection(): Database.Database {
    const lost = identity.fault();
    // Before anything is opened: that would make a new, empty file in its place.
    if (lost) throw Object.assign(new Error(lost), { code: LOST });
    return (db ??= new Database(file, { timeout: 0 }));
  }

  function create(
    use: Statements,
    { run, maxPending }: Extract<Write, { kind: "create" }>,
  ): unknown {
    const { idempotency } = run;
    if (idempotency) {
      const known = use.byKey.get(idempotency.key) as { runId: string; digest: string } | undefined;
      if (known?.digest === idempotency.digest) return { kind: "repeated", runId: known.runId };
      if (known) return { kind: "mismatch" };
    }
    if ((use.pending.get() as { n: number }).n >= maxPending) return { kind: "full" };
    const [row] = use.insert.all(
      run.runId,
      run.modelId,
      run.collection,
      run.params,
      run.upload,
      run.createdAt,
      idempotency?.key ?? null,
      idempotency?.digest ?? null,
    );
    return { kind: "created", row };
  }

  function perform(use: Statements, write: Write): unknown {
    switch (write.kind) {
      case "create":
        return create(use, write);
      case "change": {
        const { seen, change, rises } = write;
        const fields = Object.keys(change) as (keyof RunChange)[];
        const values = fields.map((field) => {
          const value = change[field] ?? null;
          return typeof value === "boolean" ? Number(value) : value;
        });
        const { runId, status, revision, owner, attempts } = seen;
        return use
          .update(fields, rises)
          .all(...values, runId, status, revision, owner, attempts)[0];
      }
      case "retire": {
        if (use.inherit.all(write.runId).length > 0) use.disown.run(write.runId);
        const [buried] = use.bury.all(write.now, write.runId) as { seq: number }[];
        if (!buried) return false;
        use.remove.run(write.runId);
        if (buried.seq % RETIRED_KEPT === 0) use.forget.run(buried.seq - RETIRED_KEPT);
        return true;
      }
      case "removed":
        use.removed.run(write.runId);
        return undefined;
    }
  }

  const isDurable = (write: Write) => (write.kind === "change" ? write.durable : true);

  return {
    /** Makes all these changes in one transaction, with one wait for the disk, or none of them. */
    apply(writes: readonly Write[]): unknown[] {
      const current = connection();
      try {
        const mode = writes.some(isDurable) ? "FULL" : "NORMAL";
        if (mode !== synchronous) current.pragma(`synchronous = ${mode}`);
        synchronous = mode;
        statements ??= prepare(current);
        const use = statements;
        current.exec("begin immediate");
        const results = writes.map((write) => perform(use, write));
        current.exec("commit");
        return results;
      } catch (cause) {
        discard();
        throw cause;
      }
    },
    close(): void {
      discard();
    },
  };
}
