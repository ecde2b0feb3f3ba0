/** Bytes that are kept by their content. */
export interface FileValue {
  readonly type: "image" | "mesh" | "file";
  readonly sha256: string;
  readonly bytes: number;
  /** The extension of a file of it, without a dot. */
  readonly format: string;
  /** What it is named after. */
  readonly name?: string | undefined;
}

/** What a step gives and takes. */
export type Value =
  | FileValue
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "number"; readonly number: number };

export const isFile = (value: Value): value is FileValue => "sha256" in value;

/** What makes two values the same. */
export const identityOf = (value: Value): string | number =>
  isFile(value) ? value.sha256 : value.type === "text" ? value.text : value.number;
