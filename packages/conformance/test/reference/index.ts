export { correct } from "./behaviour.ts";
export { MUTANTS } from "./mutants/index.ts";
export type { Mutant } from "./mutants/mutant.ts";
export { type Reference, startReference } from "./server.ts";
export { REFERENCE_TARGET } from "./target.ts";
export { TOLERANCES } from "./tolerances.ts";
export { several, tryMutant, tryOdd, tryServer } from "./trial.ts";
export { killMatrix, MATRIX_FILES, matrixPage } from "./matrix.ts";
