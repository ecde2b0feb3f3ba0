export { consoleReport } from "./console.ts";
export { jsonReport } from "./json.ts";
export { junitReport } from "./junit.ts";
export { markdownReport } from "./markdown.ts";
export { progressOn } from "./progress.ts";
export { type About, checksOf, type ReportedCheck, type Result, resultOf } from "./result.ts";
