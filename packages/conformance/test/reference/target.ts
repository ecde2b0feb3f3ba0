/** What the reference promises the suite: which models bring a run into which situation. */
export const REFERENCE_TARGET = {
  situations: {
    succeeds: { model_id: "ref/fast", params: {} },
    runs_long: { model_id: "ref/long", params: { steps: 40, step_ms: 50 }, min_ms: 1_500 },
    queued: { model_id: "ref/single", params: { steps: 40, step_ms: 50 }, burst: 2 },
    fails: { model_id: "ref/fail", params: {} },
    fingerprint: { model_id: "ref/fingerprint", params: {} },
  },
  capabilities: ["idempotency_key"],
};
