import type { ProblemCode } from "../src/problems.ts";

/** Before a request is read, or when something breaks: any route of a server may answer these. */
const ANYWHERE = [
  "malformed_request",
  "forbidden_host",
  "forbidden_origin",
  "request_timeout",
  "headers_too_large",
  "internal",
] as const satisfies readonly ProblemCode[];
/** Routes that hold somebody's data ask for the token, where one is set. */
const GUARDED = [...ANYWHERE, "unauthorized"] as const satisfies readonly ProblemCode[];
/** Routes that read the store. */
const STORED = [
  ...GUARDED,
  "storage_busy",
  "storage_lost",
  "stopping",
  "overloaded",
] as const satisfies readonly ProblemCode[];
const OF_A_RUN = [...STORED, "invalid_run_id", "run_not_found"] as const;
const CREATE = [
  ...STORED,
  "missing_field",
  "invalid_field",
  "unexpected_file",
  "not_an_image",
  "unreadable_image",
  "unknown_model",
  "invalid_params",
  "create_in_progress",
  "image_too_large",
  "params_too_large",
  "request_too_large",
  "unsupported_media_type",
  "idempotency_mismatch",
  "queue_full",
  "too_many_uploads",
  "storage_full",
] as const satisfies readonly ProblemCode[];

/** With what this server refuses, by operation. The contract lets any server refuse with any row. */
export const REFUSALS: Readonly<Record<string, readonly ProblemCode[]>> = {
  create: CREATE,
  get: [...OF_A_RUN, "precondition_failed"],
  cancel: OF_A_RUN,
  health: [...ANYWHERE, "not_ready"],
  models: GUARDED,
  modelStatus: [...GUARDED, "model_not_found"],
  modelParams: [...GUARDED, "missing_field", "model_not_found"],
  createJob: CREATE,
  job: OF_A_RUN,
  cancelJob: OF_A_RUN,
  download: [
    ...GUARDED,
    "overloaded",
    "file_not_found",
    "precondition_failed",
    "range_not_satisfiable",
  ],
  exportMesh: [
    ...GUARDED,
    "overloaded",
    "invalid_path",
    "unknown_format",
    "invalid_field",
    "file_not_found",
    "storage_full",
  ],
};
