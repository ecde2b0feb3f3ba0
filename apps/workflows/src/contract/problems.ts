import { FieldError } from "@modly-runs/contract";
import { z } from "zod";

/**
 * Every refusal there is: its code, its status, its title. One row, one reason; the shape is the one of
 * the contract of runs. `wait` marks those that a later try may not meet.
 */
export const PROBLEMS = {
  malformed_request: { status: 400, title: "Malformed request" },
  invalid_definition: { status: 400, title: "The workflow can't be run as it is" },
  invalid_field: { status: 400, title: "A field is not valid" },
  unreachable_file: { status: 400, title: "A file of the workflow can't be had" },
  unauthorized: { status: 401, title: "A token is needed" },
  forbidden_host: { status: 403, title: "Host not allowed" },
  forbidden_origin: { status: 403, title: "Origin not allowed" },
  forbidden_tenant: { status: 403, title: "Another tenant's" },
  workflow_not_found: { status: 404, title: "No such workflow" },
  file_not_found: { status: 404, title: "No such file" },
  route_not_found: { status: 404, title: "No such route" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  request_timeout: { status: 408, title: "The request took too long" },
  wrong_status: { status: 409, title: "Not in this status" },
  create_in_progress: { status: 409, title: "The same create is still under way", wait: true },
  precondition_failed: { status: 412, title: "The file is another one" },
  request_too_large: { status: 413, title: "The request is too large" },
  unsupported_media_type: { status: 415, title: "Not application/json" },
  range_not_satisfiable: { status: 416, title: "No such part of the file" },
  idempotency_mismatch: { status: 422, title: "The key was used for another request" },
  headers_too_large: { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "The service failed" },
  too_many_workflows: { status: 503, title: "Too many workflows", wait: true },
  keys_away: { status: 503, title: "The keys of tokens can't be had", wait: true },
  overloaded: { status: 503, title: "The service has too much to do", wait: true },
  stopping: { status: 503, title: "The service is stopping", wait: true },
  storage_busy: { status: 503, title: "The store is busy", wait: true },
  storage_full: { status: 507, title: "No room left", wait: true },
} as const satisfies Record<string, { status: number; title: string; wait?: true }>;

/** The stable word for a reason; programs match this, people read `detail`. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The one shape of every answer that is not a success. */
export const Problem = z.object({
  detail: z.string().min(1),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  errors: z.array(FieldError).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** The body for a reason. `detail` says what was wrong, where, and what to do. */
export function problem(
  code: ProblemCode,
  detail: string,
  errors: readonly FieldError[] = [],
): Problem {
  const { status, title } = PROBLEMS[code];
  return { detail, title, status, code, ...(errors.length > 0 ? { errors: [...errors] } : {}) };
}
