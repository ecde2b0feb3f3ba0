export { consoleReport } from "./console.ts";
export { jsonReport } from "./json.ts";
export { junitReport } from "./junit.ts";
export { markdownReport } from "./markdown.ts";
export { type About, type Result, resultOf } from "./result.ts";
