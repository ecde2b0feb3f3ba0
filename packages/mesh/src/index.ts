export { convert, type ConvertOptions } from "./convert.ts";
export { type Figures, figuresOf } from "./figures.ts";
export {
  type Bounds,
  boundsOf,
  LIMITS,
  type Mesh,
  type Outcome,
  type Part,
  type Picture,
} from "./mesh.ts";
export { type Beside, READ_FORMATS, type ReadFormat, readMesh } from "./read/index.ts";
export { type Format, FORMATS, isFormat } from "./formats.ts";
export { writeMesh, type WriteOptions, type Written } from "./write/index.ts";
export type { BesideFile } from "./write/obj.ts";
export { PRINT_SIZE_MM } from "./write/print.ts";
