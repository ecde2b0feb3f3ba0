import type { TargetConfig } from "./config.ts";

type Preset = Omit<TargetConfig, "base_url">;

const DRIVEN = "modly-runs-fixture/driven";

/** Servers the suite knows how to bring into every state. */
export const PRESETS = {
  "modly-runs": {
    profile: "strict",
    capabilities: ["idempotency_key"],
    situations: {
      succeeds: { model_id: "test/steps", params: { steps: 4, step_ms: 25 } },
      runs_long: { model_id: "test/steps", params: { steps: 60, step_ms: 50 }, min_ms: 1500 },
      queued: { model_id: "test/steps", params: { steps: 60, step_ms: 50 }, burst: 24 },
      fails: { model_id: "test/fail" },
      fingerprint: { model_id: "test/fingerprint" },
    },
  },
  // One model that its params drive: a create for another one would stop Modly while a run is active.
  modly: {
    profile: "modly",
    lanes: 1,
    races: 6,
    situations: {
      // Long enough that runs which are started together meet, also on a busy machine.
      succeeds: { model_id: DRIVEN, params: { steps: 6, step_ms: 40 } },
      runs_long: { model_id: DRIVEN, params: { steps: 60, step_ms: 50 }, min_ms: 2000 },
      // Its reads never show pending.
      queued: "none",
      fails: { model_id: DRIVEN, params: { fail: true, steps: 6, step_ms: 40 } },
      fingerprint: { model_id: DRIVEN, params: { steps: 8, step_ms: 50 } },
    },
    also: [
      { model_id: DRIVEN, params: { progress: "fractional", steps: 8, step_ms: 50 } },
      { model_id: DRIVEN, params: { progress: "falling", steps: 12, step_ms: 50 } },
      { model_id: DRIVEN, params: { progress: "over", steps: 8, step_ms: 80 } },
      { model_id: DRIVEN, params: { output: "outside" } },
      { model_id: DRIVEN, params: { deaf: true, steps: 20, step_ms: 50 }, cancel_after_ms: 300 },
    ],
    second_model: { model_id: "modly-runs-fixture/fail" },
  },
} as const satisfies Record<string, Preset>;

/** Name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** True for the name of a preset. */
export function isPreset(value: string): value is PresetName {
  return Object.hasOwn(PRESETS, value);
}
