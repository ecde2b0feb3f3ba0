export { WIDE_ODD } from "./odd.ts";
export { foundByDefault, isFound, type Row, share, WIDE_PAGE, widePage } from "./report.ts";
export { WIDE } from "./servers.ts";
export { tryRight, tryWrong } from "./trial.ts";
