export { MUTANTS } from "./mutants/index.ts";
export type { Mutant } from "./mutants/mutant.ts";
export { type Reference, startReference } from "./server.ts";
export { REFERENCE_TARGET, type ReferenceTarget } from "./target.ts";
export { type Tolerance, TOLERANCES } from "./tolerances.ts";
export { differences, several, type Trial, tryServer } from "./trial.ts";
export { killMatrix, MATRIX_FILES, matrixPage, troubles } from "./matrix.ts";
