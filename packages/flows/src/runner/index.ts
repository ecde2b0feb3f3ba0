export { createFlowRun, type CreateFlow } from "./create.ts";
export type {
  Change,
  FlowRun,
  FlowStore,
  FlowSummary,
  Hold,
  Memory,
  Objects,
  Outputs,
  StepRow,
  Wish,
} from "./flow-store.ts";
export { type Holder, runFlow, type RunFlow, type RunOutcome, type Seen } from "./runner.ts";
export { type Answer, type Outbound, OutOfReach, send } from "./outbound.ts";
export { anywhere, isNetwork, publicAnd, type Reach } from "./reach.ts";
export type { World } from "./step.ts";
