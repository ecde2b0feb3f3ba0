export { WIDE_ODD } from "./odd.ts";
export { type Row, share, WIDE_PAGE, widePage } from "./report.ts";
export { WIDE } from "./servers.ts";
export { judge } from "./trial.ts";
