export {
  canBecome,
  canBeSeenAfter,
  type EndedStatus,
  isEnded,
  isRunStatus,
  nextStatuses,
  RUN_STATUSES,
  type RunStatus,
  TRANSITIONS,
} from "./lifecycle.ts";
export {
  AnyProblem,
  FieldError,
  problem,
  Problem,
  PROBLEM_CODES,
  type ProblemCode,
  PROBLEMS,
} from "./problems.ts";
export { COMMON_PARAMS, Collection, CreateFields, workflowRunsContract } from "./routes.ts";
export {
  CancelAnswer,
  COMPLETED,
  CreateAnswer,
  isAddressOf,
  Run,
  RunId,
  StrictCancelAnswer,
  StrictRun,
  WORKSPACE_PREFIX,
} from "./run.ts";
