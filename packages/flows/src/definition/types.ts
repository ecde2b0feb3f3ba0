/** What goes from step to step. */
export const VALUE_TYPES = ["image", "mesh", "file", "text", "number"] as const;

/** One of {@link VALUE_TYPES}. A mesh is always a GLB; a file is anything. */
export type ValueType = (typeof VALUE_TYPES)[number];

/** True if a value of one type may be given where another is asked for: bytes are files, numbers can be read. */
export function fits(given: ValueType, asked: ValueType): boolean {
  return (
    given === asked ||
    (asked === "file" && (given === "image" || given === "mesh")) ||
    (asked === "text" && given === "number")
  );
}

/** What an input takes. One value, if neither number says otherwise. */
export interface Port {
  readonly type: ValueType;
  readonly about: string;
  /** The least and the most values it takes. */
  readonly min?: number;
  readonly max?: number;
}
