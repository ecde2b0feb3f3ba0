import { makeExtruded } from "./extrude/index.ts";
import { makeInflated } from "./inflate.ts";
import { makeLathed } from "./lathe/index.ts";
import { makeLithophane } from "./lithophane/index.ts";
import type { Method } from "./method.ts";
import { makeRelief } from "./relief.ts";

/** The ways to make a mesh of a picture; each is a file or a room beside this one. */
export const METHODS = {
  extrude: makeExtruded,
  inflate: makeInflated,
  lathe: makeLathed,
  lithophane: makeLithophane,
  relief: makeRelief,
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof METHODS;
