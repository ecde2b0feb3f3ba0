export { conformanceTests, type TestFramework } from "./adapter.ts";
export {
  badgeReport,
  compareReport,
  consoleReport,
  htmlReport,
  jsonReport,
  junitReport,
  markdownReport,
  type Result,
  resultOf,
} from "./reports/index.ts";
export {
  CHECK_IDS,
  type CheckId,
  CHECKS,
  DROPPED,
  type Level,
  REQUIREMENTS,
  type Row,
  type SetName,
} from "./requirements/index.ts";
export { chosenIds, collect, type Outcome, runConformance, type RunOptions } from "./run.ts";
export { type Recipe, type SituationName, type TargetConfig } from "./target/config.ts";
export { configFaults } from "./target/settings.ts";
export { PRESETS, type PresetName } from "./target/presets.ts";
export { type Status, type Verdict } from "./verdict/verdict.ts";
