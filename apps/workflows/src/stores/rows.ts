import type { WorkflowStatus } from "../contract/lifecycle.ts";
import type { CreateWorkflow, Delivery } from "../contract/workflow.ts";
import type { DueWebhook, Filter, Idempotency, Webhook, WorkflowRow } from "./workflow-store.ts";

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
  revision: number;
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
  revision: row.revision,
  resumedFrom: row.resumed_from,
  errors: JSON.parse(row.errors) as string[],
  body: JSON.parse(row.body) as CreateWorkflow,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  startedAt: row.started_at,
  completedAt: row.completed_at,
  deletedAt: row.deleted_at,
});

/** The columns of a new workflow, in the order of `valuesOf`. */
export const NEW =
  "id, tenant, name, description, webhook_url, status, settled, revision, resumed_from, errors, body, " +
  "origin_instance, origin_tenant, created_at, updated_at, started_at, completed_at, deleted_at, idempotency_key, digest";

export const valuesOf = (row: WorkflowRow, idempotency?: Idempotency) => [
  row.id,
  row.tenant,
  row.name,
  row.description,
  row.webhookUrl,
  row.status,
  Number(row.settled),
  row.revision,
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
  idempotency?.key ?? null,
  idempotency?.digest ?? null,
];

/** A webhook as the table has it. */
export interface StoredWebhook {
  seq: number;
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

/** The columns of a new webhook, in the order of `webhookValues`. */
export const NEW_WEBHOOK =
  "id, workflow, type, url, payload, status, attempts, next_at, created_at";

export const webhookValues = ({ id, workflowId, type, url, payload, createdAt }: Webhook) => [
  ...[id, workflowId, type, url, payload],
  ...["pending", 0, createdAt, createdAt],
];

export const dueOf = (row: StoredWebhook): DueWebhook => ({
  id: row.id,
  workflowId: row.workflow,
  type: row.type,
  url: row.url,
  payload: row.payload,
  createdAt: row.created_at,
  attempts: row.attempts,
});

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

/** What a list is narrowed by, with a `?` for each value. */
export function narrowed({
  tenant,
  status,
  originInstance,
  originTenantId,
  includeDeleted,
}: Filter): { where: string; values: string[] } {
  const wanted = [
    ["tenant = ?", tenant],
    ["status = ?", status],
    ["origin_instance = ?", originInstance],
    ["origin_tenant = ?", originTenantId],
  ].filter((one): one is [string, string] => one[1] !== undefined);
  const where = [
    ...wanted.map(([text]) => text),
    ...(includeDeleted ? [] : ["deleted_at is null"]),
  ];
  return { where: where.join(" and ") || "true", values: wanted.map(([, value]) => value) };
}
