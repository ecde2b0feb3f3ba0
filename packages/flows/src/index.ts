export {
  type Change,
  faultsIn,
  readFlow,
  type ReadFlow,
  type ReadOutcome,
} from "./definition/read.ts";
export { type Fault, type Finding, type Path, shown, written } from "./definition/finding.ts";
export {
  type Kind,
  KIND_NAMES,
  type KindName,
  kindOf,
  KINDS,
  MEASURES,
} from "./definition/kinds.ts";
export { TRANSFORMS, type TransformName, type Transforms } from "./definition/mapping.ts";
export {
  Definition,
  type DoingStep,
  type EachStep,
  type FlowInput,
  RESERVED,
  type Step,
} from "./definition/schema.ts";
export { fits, type Port, VALUE_TYPES, type ValueType } from "./definition/types.ts";
export { faultsOf, listed, meant } from "./definition/words.ts";
export {
  type Action,
  apply,
  begin,
  type EndStatus,
  type Event,
  FLOW_STATUSES,
  type FlowState,
  type FlowStatus,
  type Graph,
  isEnded,
  next,
  type Node,
  STEP_STATUSES,
  type StepState,
  type StepStatus,
} from "./engine/engine.ts";
export { type Given, MOST_STEPS, planOf, type PlanOutcome } from "./plan/make.ts";
export type { Plan, PlanOutput, PlanStep, Source, Way } from "./plan/plan.ts";
export { type FileValue, isFile, type Value } from "./plan/value.ts";
