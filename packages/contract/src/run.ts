import { z } from "zod";

import { RUN_STATUSES } from "./lifecycle.ts";

/** Where finished meshes are served; `output_url` is this, then `workspace_path`, percent-encoded. */
export const WORKSPACE_PREFIX = "/workspace/";

/** What `step` says of every run that is done. */
export const COMPLETED = "Completed";

/** Goes verbatim into a path: 1 to 128 characters that no URL needs to escape. */
export const RunId = z.string().regex(/^[A-Za-z0-9._~-]{1,128}$/);

const nothing = z.null();
const text = z.string().min(1);
const stoppedAt = z.number().int().min(0).max(99);
const sceneCandidate = z.object({ workspace_path: text }).passthrough();
const outputUrl = z.string().regex(/^\/workspace\/[^\\]+$/);

/** No mesh and no error: what every status but two says of the last three fields. */
const silent = { output_url: nothing, error: nothing, scene_candidate: nothing };

/** The table: what each status says of each field. Everything below is read off it. */
const FIELDS = {
  pending: { ...silent, progress: z.literal(0), step: text.nullable() },
  running: { ...silent, progress: stoppedAt, step: text },
  done: {
    progress: z.literal(100),
    step: z.literal(COMPLETED),
    output_url: outputUrl,
    error: nothing,
    scene_candidate: sceneCandidate,
  },
  error: { ...silent, progress: stoppedAt, step: text, error: text },
  cancelled: { ...silent, progress: stoppedAt, step: text.nullable() },
} as const;

/** Keys our server adds to a run. Any other server may add its own or none. */
const additions = {
  model_id: z.string(),
  created_at: z.string().datetime(),
  started_at: z.string().datetime().nullable(),
  finished_at: z.string().datetime().nullable(),
  queue_position: z.number().int().min(0).nullable(),
};

/** Any `step` and any whole percentage will do for a client; what a status promises stays promised. */
const anyStep = z.string().nullable();
const anyProgress = z.number().int().min(0).max(100);

function tolerant<S extends keyof typeof FIELDS, P extends z.ZodTypeAny>(status: S, progress: P) {
  return z
    .object({ run_id: RunId, status: z.literal(status) })
    .extend(FIELDS[status])
    .extend({ progress, step: anyStep })
    .passthrough();
}

/** That a cancelled run has no error is a wish (R-G8), so a client takes one with a text too. */
const tolerantCancelled = tolerant("cancelled", anyProgress).extend({
  error: z.string().nullable(),
});

function strict<S extends keyof typeof FIELDS>(status: S) {
  return z
    .object({ run_id: RunId, status: z.literal(status), ...additions })
    .extend(FIELDS[status])
    .passthrough();
}

type Placed = { output_url: string | null; scene_candidate: { workspace_path: string } | null };

/** A rule between two fields, which no single field can hold: one file, as an address and as a path. */
const sameFile = ({ output_url, scene_candidate }: Placed) =>
  output_url === null ||
  isAddressOf(output_url, WORKSPACE_PREFIX + (scene_candidate?.workspace_path ?? ""));

/** True if an address names a path: percent-encoded, or as it is where nothing has to be encoded. */
export function isAddressOf(url: string, path: string): boolean {
  if (url === path) return true;
  try {
    return decodeURIComponent(url) === path;
  } catch {
    return false;
  }
}
const sameFileMessage = {
  message: "must be output_url without /workspace/, decoded",
  path: ["scene_candidate", "workspace_path"],
};

/** A run as any client accepts it from any server: seven keys, five words, unknown keys pass. */
export const Run = z
  .discriminatedUnion("status", [
    tolerant("pending", anyProgress),
    tolerant("running", anyProgress),
    tolerant("done", FIELDS.done.progress),
    tolerant("error", anyProgress),
    tolerantCancelled,
  ])
  .refine(sameFile, sameFileMessage);
export type Run = z.infer<typeof Run>;

/** A run as our server sends it: the table, word for word, and our additions. */
export const StrictRun = z
  .discriminatedUnion("status", [
    strict("pending"),
    strict("running"),
    strict("done"),
    strict("error"),
    strict("cancelled"),
  ])
  .refine(sameFile, sameFileMessage);
export type StrictRun = z.infer<typeof StrictRun>;

/** The answer to a create: the run exists, and its life begins. */
export const CreateAnswer = z.object({ run_id: RunId, status: z.literal("pending") }).passthrough();
export type CreateAnswer = z.infer<typeof CreateAnswer>;

/** The answer to a cancel as any client accepts it: it tells the status, or whether it is cancelled, or both. */
export const CancelAnswer = z
  .object({
    run_id: RunId.optional(),
    status: z.enum(RUN_STATUSES).optional(),
    cancelled: z.boolean().optional(),
  })
  .passthrough()
  .refine((answer) => answer.status !== undefined || answer.cancelled !== undefined, {
    message: "needs a status or a cancelled",
  });
export type CancelAnswer = z.infer<typeof CancelAnswer>;

/** The answer to a cancel as our server sends it; `cancelled` is true only if the status is `cancelled`. */
export const StrictCancelAnswer = z
  .object({ run_id: RunId, status: z.enum(RUN_STATUSES), cancelled: z.boolean() })
  .passthrough()
  .refine((answer) => answer.cancelled === (answer.status === "cancelled"), {
    message: "must be true exactly when the status is cancelled",
    path: ["cancelled"],
  });
export type StrictCancelAnswer = z.infer<typeof StrictCancelAnswer>;
