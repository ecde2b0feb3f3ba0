import { createHash, randomUUID } from "node:crypto";

import type { WorkflowRequest } from "../contract/lifecycle.ts";
import type { Workflow, WorkflowStep } from "../contract/workflow.ts";
import type { Webhook, WorkflowRow } from "../stores/workflow-store.ts";

/** Says that there are webhooks to be sent. */
export type Announce = () => void;

const OF_REQUESTS: Readonly<Record<WorkflowRequest, string>> = {
  start: "workflow.started",
  pause: "workflow.paused",
  resume: "workflow.resumed",
  cancel: "workflow.cancelled",
};
const OF_ENDS = { COMPLETED: "workflow.completed", FAILED: "workflow.failed" } as const;

/** The webhook that tells of a workflow's change; none where nobody wants one. Stored with the change itself. */
export async function workflowEvent(
  { id, webhookUrl, status }: WorkflowRow,
  what: WorkflowRequest | "end",
  view: () => Promise<Workflow>,
): Promise<Webhook[]> {
  if (webhookUrl === null) return [];
  const type = what === "end" ? OF_ENDS[status as keyof typeof OF_ENDS] : OF_REQUESTS[what];
  const { steps: _steps, ...workflow } = await view();
  return [made(`msg_${randomUUID()}`, id, type, webhookUrl, workflow)];
}

const OF_STEPS: Readonly<Record<string, string>> = {
  COMPLETED: "step.completed",
  FAILED: "step.failed",
  SKIPPED: "step.skipped",
  CANCELLED: "step.cancelled",
};

/**
 * The webhooks that tell of steps which are over. The same step at the same try has the same id, so that the store
 * knows it: they can be made again and again, and none is sent twice or lost in a crash.
 */
export function stepEvents(
  { id, webhookUrl, body }: WorkflowRow,
  steps: readonly WorkflowStep[],
): Webhook[] {
  if (webhookUrl === null || body.suppress_subtask_events) return [];
  return steps.flatMap((step) => {
    const type = OF_STEPS[step.status];
    if (type === undefined) return [];
    const name = createHash("sha256")
      .update(JSON.stringify([id, step.step_id, step.status, step.retry_count, step.completed_at]))
      .digest("hex");
    return [made(`msg_${name.slice(0, 32)}`, id, type, webhookUrl, { workflow_id: id, step })];
  });
}

function made(id: string, workflowId: string, type: string, url: string, data: unknown): Webhook {
  const createdAt = Date.now();
  const timestamp = new Date(createdAt).toISOString();
  return {
    id,
    workflowId,
    type,
    url,
    payload: JSON.stringify({ type, timestamp, data }),
    createdAt,
  };
}
