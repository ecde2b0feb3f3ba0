import type { WorkflowStatus } from "../contract/lifecycle.ts";
import type { CreateWorkflow, Delivery } from "../contract/workflow.ts";
import type { WorkflowRow } from "./workflow-store.ts";

const COLUMNS: Readonly<Record<string, string>> = {
  webhookUrl: "webhook_url",
  resumedFrom: "resumed_from",
  startedAt: "started_at",
  completedAt: "completed_at",
  deletedAt: "deleted_at",
};

/** A column, and what stands in it for a field. */
export function columnOf(key: string, value: unknown): [string, unknown] {
  const plain =
    key === "errors" ? JSON.stringify(value) : key === "settled" ? Number(value) : value;
  return [COLUMNS[key] ?? key, plain];
}

/** A workflow as the table has it. */
export interface Stored {
  id: string;
  tenant: string;
  name: string;
  description: string | null;
  webhook_url: string | null;
  status: WorkflowStatus;
  settled: number;
  resumed_from: number | null;
  errors: string;
  body: string;
  created_at: number;
  updated_at: number;
  started_at: number | null;
  completed_at: number | null;
  deleted_at: number | null;
}

export const rowOf = (row: Stored): WorkflowRow => ({
  id: row.id,
  tenant: row.tenant,
  name: row.name,
  description: row.description,
  webhookUrl: row.webhook_url,
  status: row.status,
  settled: row.settled === 1,
  resumedFrom: row.resumed_from,
  errors: JSON.parse(row.errors) as string[],
  body: JSON.parse(row.body) as CreateWorkflow,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  startedAt: row.started_at,
  completedAt: row.completed_at,
  deletedAt: row.deleted_at,
});

export const valuesOf = (row: WorkflowRow) => [
  row.id,
  row.tenant,
  row.name,
  row.description,
  row.webhookUrl,
  row.status,
  Number(row.settled),
  row.resumedFrom,
  JSON.stringify(row.errors),
  JSON.stringify(row.body),
  row.body.origin_instance,
  row.body.origin_tenant_id ?? null,
  row.createdAt,
  row.updatedAt,
  row.startedAt,
  row.completedAt,
  row.deletedAt,
];

/** A webhook as the table has it. */
export interface StoredWebhook {
  id: string;
  workflow: string;
  type: string;
  url: string;
  payload: string;
  status: Delivery["status"];
  attempts: number;
  next_at: number | null;
  last_status: number | null;
  last_error: string | null;
  created_at: number;
}

export const deliveryOf = (row: StoredWebhook): Delivery => ({
  id: row.id,
  type: row.type,
  url: row.url,
  status: row.status,
  attempts: row.attempts,
  last_status: row.last_status,
  last_error: row.last_error,
  next_attempt_at: row.next_at === null ? null : new Date(row.next_at).toISOString(),
  created_at: new Date(row.created_at).toISOString(),
});
