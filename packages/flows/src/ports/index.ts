export {
  contentsOf,
  type StoredRun,
  type StoredStep,
  stepRowOf,
  stepValues,
  summaryOf,
} from "./columns.ts";
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
