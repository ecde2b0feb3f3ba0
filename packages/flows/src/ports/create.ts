import { randomUUID } from "node:crypto";

import type { Plan } from "../plan/plan.ts";
import type { FlowRun, FlowStore } from "./flow-store.ts";

/** What a flow run is made of. */
export interface CreateFlow {
  readonly store: Pick<FlowStore, "create">;
  /** What it is called; a new UUID if left out. */
  readonly id?: string | undefined;
  /** The text of the definition, as a snapshot. */
  readonly definition: string;
  readonly plan: Plan;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Stores a flow run that nobody runs yet. */
export async function createFlowRun({
  store,
  id = randomUUID(),
  definition,
  plan,
  now,
}: CreateFlow): Promise<FlowRun> {
  const flowRun: FlowRun = {
    id,
    name: plan.name,
    definition,
    plan,
    status: "running",
    createdAt: now,
    endedAt: null,
  };
  await store.create(flowRun);
  return flowRun;
}
