export { type Holder, runFlow, type RunFlow, type RunOutcome, type Seen } from "./runner.ts";
export type { World } from "./step.ts";
