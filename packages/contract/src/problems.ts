import { z } from "zod";

/**
 * Every refusal there is: its code, its status, its title. One row, one reason.
 *
 * `wait` marks those that a later try may not meet; they come with `Retry-After`. `beside` marks
 * those that only routes beside the contract give.
 */
export const PROBLEMS = {
  malformed_request: { status: 400, title: "Malformed request" },
  missing_field: { status: 400, title: "A field is missing" },
  invalid_field: { status: 400, title: "A field is not valid" },
  unexpected_file: { status: 400, title: "Unexpected file" },
  not_an_image: { status: 400, title: "Not an image" },
  unreadable_image: { status: 400, title: "The picture can't be read" },
  unknown_model: { status: 400, title: "Unknown model" },
  invalid_params: { status: 400, title: "The params are not valid" },
  invalid_run_id: { status: 400, title: "Not a run id" },
  invalid_path: { status: 400, title: "Not a path of the workspace" },
  unknown_format: { status: 400, title: "Unknown format" },
  unauthorized: { status: 401, title: "A token is needed" },
  forbidden_host: { status: 403, title: "Host not allowed" },
  forbidden_origin: { status: 403, title: "Origin not allowed" },
  run_not_found: { status: 404, title: "No such run" },
  file_not_found: { status: 404, title: "No such file" },
  model_not_found: { status: 404, title: "No such model" },
  route_not_found: { status: 404, title: "No such route" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  request_timeout: { status: 408, title: "The request took too long" },
  create_in_progress: { status: 409, title: "The same create is still under way", wait: true },
  precondition_failed: { status: 412, title: "It is not in that state", beside: true },
  image_too_large: { status: 413, title: "The picture is too large" },
  params_too_large: { status: 413, title: "The params are too large" },
  request_too_large: { status: 413, title: "The request is too large" },
  range_not_satisfiable: { status: 416, title: "No such range", beside: true },
  unsupported_media_type: { status: 415, title: "Not multipart/form-data" },
  idempotency_mismatch: { status: 422, title: "The key was used for another request" },
  too_many_requests: { status: 429, title: "Too many requests", wait: true },
  headers_too_large: { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "The server failed" },
  queue_full: { status: 503, title: "The queue is full", wait: true },
  too_many_uploads: { status: 503, title: "Too many uploads", wait: true },
  overloaded: { status: 503, title: "The server has too much to do", wait: true },
  stopping: { status: 503, title: "The server is stopping", wait: true },
  not_ready: { status: 503, title: "The server is not ready", wait: true, beside: true },
  storage_busy: { status: 503, title: "The store is busy", wait: true },
  storage_lost: { status: 503, title: "The store is gone", wait: true },
  modly_away: { status: 503, title: "Modly does not answer", wait: true, beside: true },
  storage_full: { status: 507, title: "No room left", wait: true },
} as const satisfies Record<string, { status: number; title: string; wait?: true; beside?: true }>;

/** The stable word for a reason; programs match this, people read `detail`. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The codes, as a list that a schema can hold. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** What was wrong with one field. */
export const FieldError = z.object({ field: z.string(), message: z.string() });
export type FieldError = z.infer<typeof FieldError>;

/** The one shape of every answer of ours that is not a success. `detail` is one sentence for a person. */
export const Problem = z
  .object({
    detail: z.string().min(1),
    title: z.string(),
    status: z.number().int().min(400).max(599),
    code: z.enum(PROBLEM_CODES),
    errors: z.array(FieldError).optional(),
  })
  .passthrough();
export type Problem = z.infer<typeof Problem>;

/** An error body as any client accepts it: some servers put an array of findings in `detail`. */
export const AnyProblem = z
  .object({ detail: z.union([z.string(), z.array(z.unknown())]) })
  .passthrough();
export type AnyProblem = z.infer<typeof AnyProblem>;

/** The body for a reason. `detail` says what was wrong, where, and what to do. */
export function problem(
  code: ProblemCode,
  detail: string,
  errors?: readonly FieldError[],
): Problem {
  const { status, title } = PROBLEMS[code];
  return { detail, title, status, code, ...(errors?.length ? { errors: [...errors] } : {}) };
}
