import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import Database from "libsql";
import { expect, it, onTestFinished, vi } from "vitest";

import { createLibsqlStore, StoreUnusable } from "../../src/stores/libsql.ts";
import { createReader } from "../../src/stores/reader.ts";
import { openWriter } from "../../src/stores/writer.ts";
import { describeRunStore } from "./run-store.contract.ts";

async function makePlace() {
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-store-"));
  const file = path.join(directory, "runs.db");
  return {
    file,
    open: async () => createLibsqlStore(file),
    remove: () => rm(directory, { recursive: true }),
  };
}

describeRunStore("libsql", makePlace);

it("leaves a file that is no store as it is", async () => {
  const { file, remove } = await makePlace();
  const text = "this is no database, it is a diary ".repeat(200);
  await writeFile(file, text);
  await expect(createLibsqlStore(file)).rejects.toThrow(StoreUnusable);
  expect(await readFile(file, "utf8")).toBe(text);
  await remove();
});

it("does not touch a store of another version", async () => {
  const { file, remove } = await makePlace();
  const db = new Database(file);
  db.exec("pragma user_version = 99");
  db.close();
  await expect(createLibsqlStore(file)).rejects.toThrow(/another version/);
  await remove();
});

it("asks nothing that reads through all runs", async () => {
  const { file, remove } = await makePlace();
  const prepared = vi.spyOn(Database.prototype, "prepare");
  onTestFinished(() => prepared.mockRestore());
  const writer = openWriter(file);
  writer.apply([{ kind: "removed", runId: "nobody" }]);
  writer.close();
  const reader = createReader(file);
  reader.unremoved();
  reader.close();
  const asked = prepared.mock.calls.map(([sql]) => sql);
  const queries = asked.filter((sql) => /\b(?:runs|retired)\b/.test(sql));
  expect(queries.length).toBeGreaterThan(15);
  const db = new Database(file);
  for (const sql of queries) {
    const plan = db.prepare(`explain query plan ${sql}`).all() as { detail: string }[];
    for (const { detail } of plan)
      expect(detail, sql).not.toMatch(/^SCAN (?:run|runs|other|retired)\b(?!.* USING .*INDEX)/);
  }
  db.close();
  await remove();
});
