import type { TargetConfig } from "./config.ts";

type Preset = Omit<TargetConfig, "base_url">;

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
  modly: {
    profile: "modly",
    situations: {
      succeeds: { model_id: "modly-runs-fixture/succeed" },
      runs_long: { model_id: "modly-runs-fixture/long", min_ms: 2000 },
      queued: { model_id: "modly-runs-fixture/long" },
      fails: { model_id: "modly-runs-fixture/fail" },
      fingerprint: { model_id: "modly-runs-fixture/fingerprint" },
    },
  },
} as const satisfies Record<string, Preset>;

/** Name of a preset. */
export type PresetName = keyof typeof PRESETS;

/** True for the name of a preset. */
export function isPreset(value: string): value is PresetName {
  return Object.hasOwn(PRESETS, value);
}
