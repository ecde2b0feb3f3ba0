export {
  canBecome,
  isOver,
  REQUESTS,
  TRANSITIONS,
  WORKFLOW_STATUSES,
  type WorkflowRequest,
  type WorkflowStatus,
} from "./contract/lifecycle.ts";
export { problem, Problem, type ProblemCode, PROBLEMS } from "./contract/problems.ts";
export { besideContract, workflowsContract } from "./contract/routes.ts";
export { TASK_NAMES, type TaskName, TASKS } from "./contract/tasks.ts";
export {
  CleanupAnswer,
  CreateWorkflow,
  Delivery,
  Workflow,
  WorkflowList,
  WorkflowStep,
  WorkflowUpdate,
} from "./contract/workflow.ts";
