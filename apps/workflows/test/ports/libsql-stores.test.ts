import path from "node:path";

import { openLibsqlStore } from "@modly-runs/flows/local";
import Database from "libsql";
import { expect, it } from "vitest";

import { openWorkflowStore } from "../../src/stores/libsql.ts";
import { temporary } from "../support.ts";
import { describeFlowStore } from "./flow-store.contract.ts";
import { describeWorkflowStore, workflowRow } from "./workflow-store.contract.ts";

describeFlowStore("libsql", async () => {
  const { dir, remove } = await temporary();
  const flows = openLibsqlStore(path.join(dir, "flows.db"));
  return {
    flows,
    async remove() {
      flows.close();
      await remove();
    },
  };
});

describeWorkflowStore("libsql", async () => {
  const { dir, remove } = await temporary();
  const store = openWorkflowStore(path.join(dir, "workflows.db"));
  return {
    store,
    async remove() {
      await store.close();
      await remove();
    },
  };
});

it("brings a file of the first layout up to date, with what is in it", async () => {
  const { dir, remove } = await temporary();
  const file = path.join(dir, "workflows.db");
  const row = workflowRow("a");
  const before = openWorkflowStore(file);
  await before.create(row);
  await before.close();
  const db = new Database(file);
  // As the version before had it.
  db.exec("drop index workflows_by_key");
  for (const column of ["revision", "idempotency_key", "digest"])
    db.exec(`alter table workflows drop column ${column}`);
  db.pragma("user_version = 1");
  db.close();
  const after = openWorkflowStore(file);
  expect(await after.get("a")).toEqual(row);
  expect(await after.change(row, { name: "other" })).toMatchObject({ revision: 2 });
  await after.close();
  await remove();
});
