export { MUTANTS } from "./mutants/index.ts";
export type { Mutant } from "./mutants/mutant.ts";
export { type Reference, startReference } from "./server.ts";
export { REFERENCE_TARGET } from "./target.ts";
