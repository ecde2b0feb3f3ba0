import type { TargetConfig } from "@modly-runs/conformance";

type Situations = NonNullable<TargetConfig["situations"]>;

/** Long enough for a busy machine to do something in the meantime. */
const SLOW = { steps: 60, step_ms: 50 };

/** Our server in front of the stand-in: each situation by the stand-in's model for it. */
export const behindUs: Omit<TargetConfig, "base_url"> = {
  profile: "strict",
  capabilities: ["idempotency_key"],
  situations: {
    succeeds: { model_id: "stand-in/fast" },
    runs_long: { model_id: "stand-in/long", params: SLOW, min_ms: 2_000 },
    queued: { model_id: "stand-in/long", params: SLOW, burst: 3 },
    fails: { model_id: "stand-in/fail" },
    fingerprint: { model_id: "stand-in/fingerprint" },
  },
};

const oneModel = (model_id: string): Situations => ({
  succeeds: { model_id },
  runs_long: { model_id, params: SLOW, min_ms: 2_000 },
  queued: { model_id, params: SLOW, burst: 6 },
  fails: { model_id, params: { end: "error" } },
  fingerprint: { model_id },
});

/** The stand-in's own routes, with one model: a switch to another would freeze them. */
export const ownRoutes: Omit<TargetConfig, "base_url"> = {
  profile: "modly",
  situations: oneModel("stand-in/fingerprint"),
};

/** The same with two models, to see the freeze. */
export const ownRoutesWithTwoModels: Omit<TargetConfig, "base_url"> = {
  profile: "modly",
  situations: { ...ownRoutes.situations, fails: { model_id: "stand-in/fail" } },
};
