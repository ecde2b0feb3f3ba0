/** Bodies that every reading of the contract must agree on: zod, and the JSON Schema made from it. */

const pending = {
  run_id: "0b9e1c2a-6f0d-4a51-9a44-b0a3b2a0c7de",
  status: "pending",
  progress: 0,
  step: null,
  output_url: null,
  error: null,
  scene_candidate: null,
};
const running = { ...pending, status: "running", progress: 42, step: "Loading model..." };
const done = {
  ...pending,
  status: "done",
  progress: 100,
  step: "Completed",
  output_url: "/workspace/Default/duck.glb",
  scene_candidate: { workspace_path: "Default/duck.glb" },
};
const failed = {
  ...pending,
  status: "error",
  progress: 7,
  step: "Decoding",
  error: "The picture can't be read.",
};
const cancelled = { ...pending, status: "cancelled", progress: 12, step: "Meshing" };

const ours = {
  model_id: "builtin/auto",
  created_at: "2026-01-02T03:04:05.678Z",
  started_at: null,
  finished_at: null,
  queue_position: null,
};

/** `good` for any client. `strict` says whether our own server may send it, once our additions are there. */
export const RUNS: readonly { name: string; body: unknown; good: boolean; strict: boolean }[] = [
  { name: "pending", body: pending, good: true, strict: true },
  { name: "pending with a step", body: { ...pending, step: "Queued" }, good: true, strict: true },
  { name: "running", body: running, good: true, strict: true },
  { name: "done", body: done, good: true, strict: true },
  { name: "error", body: failed, good: true, strict: true },
  { name: "cancelled", body: cancelled, good: true, strict: true },
  { name: "unknown keys", body: { ...done, eta: 3, meta: { a: [1] } }, good: true, strict: true },
  {
    name: "a richer scene_candidate",
    body: { ...done, scene_candidate: { workspace_path: "Default/duck.glb", kind: "mesh" } },
    good: true,
    strict: true,
  },
  { name: "pending with progress", body: { ...pending, progress: 3 }, good: true, strict: false },
  { name: "running without a step", body: { ...running, step: null }, good: true, strict: false },
  { name: "running at 100", body: { ...running, progress: 100 }, good: true, strict: false },
  {
    name: "done with another step",
    body: { ...done, step: "Finished" },
    good: true,
    strict: false,
  },
  { name: "error at 100", body: { ...failed, progress: 100 }, good: true, strict: false },

  { name: "canceled", body: { ...cancelled, status: "canceled" }, good: false, strict: false },
  { name: "Done", body: { ...done, status: "Done" }, good: false, strict: false },
  { name: "queued", body: { ...pending, status: "queued" }, good: false, strict: false },
  { name: "progress as text", body: { ...running, progress: "42" }, good: false, strict: false },
  {
    name: "progress as a fraction",
    body: { ...running, progress: 0.5 },
    good: false,
    strict: false,
  },
  { name: "progress over 100", body: { ...running, progress: 250 }, good: false, strict: false },
  { name: "progress below 0", body: { ...running, progress: -1 }, good: false, strict: false },
  { name: "progress null", body: { ...running, progress: null }, good: false, strict: false },
  { name: "step as a number", body: { ...running, step: 3 }, good: false, strict: false },
  { name: "done at 99", body: { ...done, progress: 99 }, good: false, strict: false },
  { name: "done without a file", body: { ...done, output_url: null }, good: false, strict: false },
  {
    name: "done without a candidate",
    body: { ...done, scene_candidate: null },
    good: false,
    strict: false,
  },
  { name: "done with an error", body: { ...done, error: "but" }, good: false, strict: false },
  {
    name: "done elsewhere",
    body: { ...done, output_url: "http://a/b.glb" },
    good: false,
    strict: false,
  },
  {
    name: "running with a file",
    body: { ...running, output_url: done.output_url },
    good: false,
    strict: false,
  },
  { name: "running with an error", body: { ...running, error: "x" }, good: false, strict: false },
  {
    name: "cancelled with a file",
    body: { ...cancelled, output_url: done.output_url },
    good: false,
    strict: false,
  },
  {
    name: "cancelled with a text",
    body: { ...cancelled, error: "GenerationCancelled" },
    good: true,
    strict: false,
  },
  { name: "error without a text", body: { ...failed, error: null }, good: false, strict: false },
  { name: "error with an empty text", body: { ...failed, error: "" }, good: false, strict: false },
  {
    name: "an id that needs escaping",
    body: { ...pending, run_id: "a/b" },
    good: false,
    strict: false,
  },
  { name: "an empty id", body: { ...pending, run_id: "" }, good: false, strict: false },
  ...(
    ["run_id", "status", "progress", "step", "output_url", "error", "scene_candidate"] as const
  ).map((key) => ({
    name: `without ${key}`,
    body: Object.fromEntries(Object.entries(running).filter(([k]) => k !== key)),
    good: false,
    strict: false,
  })),
  { name: "a list", body: [running], good: false, strict: false },
  { name: "null", body: null, good: false, strict: false },
];

/** The one rule between two fields. JSON Schema has no words for it, so only zod is asked. */
export const OTHER_FILE = { ...done, scene_candidate: { workspace_path: "Default/other.glb" } };

/** The keys our server adds, for holding a body against `StrictRun`. */
export const ADDITIONS = ours;

export const CANCEL_ANSWERS: readonly {
  name: string;
  body: unknown;
  good: boolean;
  strict: boolean;
}[] = [
  {
    name: "all three",
    body: { run_id: "a", status: "cancelled", cancelled: true },
    good: true,
    strict: true,
  },
  {
    name: "of a done run",
    body: { run_id: "a", status: "done", cancelled: false },
    good: true,
    strict: true,
  },
  { name: "only cancelled", body: { cancelled: true }, good: true, strict: false },
  { name: "only status", body: { run_id: "a", status: "cancelled" }, good: true, strict: false },
  {
    name: "a lie",
    body: { run_id: "a", status: "done", cancelled: true },
    good: true,
    strict: false,
  },
  { name: "neither", body: { run_id: "a" }, good: false, strict: false },
  { name: "a word for true", body: { cancelled: "true" }, good: false, strict: false },
  {
    name: "a sixth status",
    body: { run_id: "a", status: "cancelling" },
    good: false,
    strict: false,
  },
];
