import type { MethodName } from "../../../src/generators/builtin/methods/index.ts";
import type { ModelId } from "../../../src/generators/builtin/models.ts";

export const KINDS = [
  "logo",
  "icon",
  "text",
  "QR",
  "pixel art",
  "line drawing",
  "product",
  "person",
  "animal",
  "plant",
  "building",
  "texture",
  "lithophane",
  "broken",
] as const;

export type Kind = (typeof KINDS)[number];

/** What a person who sends a picture wants to get. */
export interface Wish {
  readonly method: MethodName;
  /** Separate solids. */
  readonly solids: number;
  /** Holes through all of them together. */
  readonly holes: number;
}

/** A picture of the set, drawn when it is asked for. */
export interface TestPicture {
  readonly name: string;
  readonly kind: Kind;
  /** What it stands for. */
  readonly about: string;
  /** Whom it is sent to. */
  readonly model: ModelId;
  readonly wish: Wish | "refused";
  /** The file as somebody might upload it. */
  draw(): Promise<Buffer>;
  /** For cut-outs: the upright picture with the true outline in its alpha channel. */
  truth?(): Promise<Buffer>;
}

/** How a picture is made, without what is said of it. */
export type Drawn = Pick<TestPicture, "name" | "draw" | "truth">;
