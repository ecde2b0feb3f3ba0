import { FORMATS, type Format } from "@modly-runs/mesh/formats";
import { z } from "zod";

import type { Port, ValueType } from "./types.ts";

/** What a step can be: what goes in, what it is told, what comes out. */
export interface Kind {
  readonly summary: string;
  readonly inputs: Readonly<Record<string, Port>>;
  readonly params: z.ZodObject<z.ZodRawShape>;
  readonly outputs: Readonly<Record<string, { readonly type: ValueType; readonly about: string }>>;
  /** Params that decide where a step is done: they can't come from another step. */
  readonly fixed?: readonly string[];
  /** A rule between params. Gives what is wrong, as a sentence. */
  readonly rule?: (params: Readonly<Record<string, unknown>>) => string | undefined;
  /** False for what acts on the world: it is done again in each flow run. */
  readonly reused: boolean;
}

/** What `measure` finds and `pick` compares. */
export const MEASURES = ["triangles", "vertices", "width", "height", "depth", "volume"] as const;

const formats = Object.keys(FORMATS) as [Format, ...Format[]];
const image: Port = { type: "image", about: "the picture" };
const mesh: Port = { type: "mesh", about: "the mesh" };
const out = (type: ValueType, about: string) => ({ type, about });
const pixels = z.number().int().min(16).max(4096);

/** Every kind of step but `each`, which holds steps itself. */
export const KINDS = {
  generate: {
    summary: "Make a mesh of a picture: a run on a server of the contract",
    inputs: { image },
    params: z
      .object({
        model: z.string().min(1).describe("the model's id"),
        params: z.record(z.unknown()).default({}).describe("the model's parameters"),
        server: z.string().optional().describe("a name of `servers`; else the server at hand"),
        collection: z.string().min(1).optional().describe("the folder of the server's workspace"),
      })
      .strict(),
    outputs: {
      mesh: out("mesh", "the mesh, GLB"),
      run_id: out("text", "the run's id"),
      seconds: out("number", "how long the run took"),
    },
    fixed: ["server", "params"],
    reused: true,
  },
  cutout: {
    summary: "Cut the object out of a plain background",
    inputs: { image },
    params: z
      .object({
        tolerance: z
          .number()
          .min(1)
          .max(100)
          .default(12)
          .describe("how far a colour may be from the background's (CIE76)"),
        margin: z.number().min(0).max(1).default(0.05).describe("room around it, a share of it"),
      })
      .strict(),
    outputs: { image: out("image", "the object, see-through around it, PNG") },
    reused: true,
  },
  resize: {
    summary: "Make a picture smaller; one that is small enough stays as large as it is",
    inputs: { image },
    params: z
      .object({
        longest: z.number().int().min(16).max(8192).default(1024).describe("pixels"),
        format: z.enum(["png", "jpeg", "webp"]).default("png"),
      })
      .strict(),
    outputs: {
      image: out("image", "the picture"),
      width: out("number", "pixels"),
      height: out("number", "pixels"),
    },
    reused: true,
  },
  simplify: {
    summary: "Leave out triangles",
    inputs: { mesh },
    params: z
      .object({ triangles: z.number().int().min(4).max(10_000_000).describe("about how many") })
      .strict(),
    outputs: { mesh: out("mesh", "the mesh, GLB"), triangles: out("number", "how many are left") },
    reused: true,
  },
  convert: {
    summary: "Write a mesh in another format",
    inputs: { mesh },
    params: z
      .object({
        format: z.enum(formats),
        size_mm: z.number().positive().max(100_000).optional().describe("of the longest side"),
      })
      .strict(),
    outputs: { file: out("file", "the mesh in that format") },
    rule: ({ format, size_mm: size }) =>
      size === undefined || FORMATS[format as Format].printed
        ? undefined
        : `size_mm is for what is printed, stl and 3mf; a ${String(format)} has no size in millimetres.`,
    reused: true,
  },
  scale: {
    summary: "Make a mesh larger or smaller",
    inputs: { mesh },
    params: z
      .object({
        factor: z.number().positive().max(1e6).optional(),
        size_mm: z.number().positive().max(1e6).optional().describe("of the longest side"),
      })
      .strict(),
    outputs: { mesh: out("mesh", "the mesh, GLB") },
    rule: ({ factor, size_mm: size }) =>
      (factor === undefined) === (size === undefined)
        ? "Say one of the two: factor or size_mm."
        : undefined,
    reused: true,
  },
  merge: {
    summary: "Put meshes into one file",
    inputs: { meshes: { type: "mesh", about: "the meshes", min: 2, max: 64 } },
    params: z
      .object({
        arrange: z
          .enum(["row", "in_place"])
          .default("row")
          .describe("side by side, or as they lie"),
        gap: z.number().min(0).max(10).default(0.1).describe("a share of the widest, in a row"),
      })
      .strict(),
    outputs: { mesh: out("mesh", "all of them, GLB") },
    reused: true,
  },
  preview: {
    summary: "Draw a picture of a mesh",
    inputs: { mesh },
    params: z
      .object({
        width: pixels.default(512),
        height: pixels.default(512),
        yaw: z.number().min(-360).max(360).default(30).describe("degrees; 0 is the front"),
        pitch: z.number().min(-90).max(90).default(15).describe("degrees above the horizon"),
        textured: z.boolean().default(true),
      })
      .strict(),
    outputs: { image: out("image", "the picture, PNG") },
    reused: true,
  },
  measure: {
    summary: "Tell a mesh in numbers",
    inputs: { mesh },
    params: z.object({}).strict(),
    outputs: {
      triangles: out("number", "how many"),
      vertices: out("number", "at different places"),
      width: out("number", "metres"),
      height: out("number", "metres"),
      depth: out("number", "metres"),
      volume: out("number", "cubic metres; 0 if it is not watertight"),
      watertight: out("number", "1 if it has an inside, else 0"),
      summary: out("text", "all of it in one line"),
    },
    reused: true,
  },
  http: {
    summary: "Hand a file to somebody over HTTP",
    inputs: { file: { type: "file", about: "what is sent" } },
    params: z
      .object({
        url: z
          .string()
          .url()
          .regex(/^https?:/, "It must be an http or https address."),
        method: z.enum(["POST", "PUT"]).default("POST"),
        token_env: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, "It must be the name of an environment variable.")
          .optional()
          .describe("the variable that holds a bearer token"),
      })
      .strict(),
    outputs: {
      status: out("number", "the answer's HTTP status"),
      body: out("text", "the answer, its first 64 KiB"),
    },
    fixed: ["token_env"],
    reused: false,
  },
  pick: {
    summary: "Take the better of some meshes, by a measure",
    inputs: { meshes: { type: "mesh", about: "the meshes", min: 2, max: 16 } },
    params: z
      .object({
        by: z.enum([...MEASURES, "watertight"]),
        prefer: z.enum(["most", "least"]).default("most"),
      })
      .strict(),
    outputs: {
      mesh: out("mesh", "the better one; the first of equals"),
      index: out("number", "which it was, from 1"),
    },
    reused: true,
  },
} as const satisfies Record<string, Kind>;

/** A kind of step that does one thing. */
export type KindName = keyof typeof KINDS;

export const KIND_NAMES = Object.keys(KINDS) as [KindName, ...KindName[]];

/** Without names of its own: what others write is looked up in it. */
const bare = <T extends object>(table: T): T => Object.assign(Object.create(null) as T, table);

const kinds = new Map<KindName, Kind>(
  KIND_NAMES.map((name) => {
    const kind: Kind = KINDS[name];
    return [name, { ...kind, inputs: bare(kind.inputs), outputs: bare(kind.outputs) }];
  }),
);

/** A kind as the table's interface has it, for code that treats all alike. */
export const kindOf = (name: KindName): Kind => kinds.get(name)!;

/** The type that a param takes from another step; undefined if it can't come from one. */
export function paramType(kind: Kind, name: string): "text" | "number" | undefined {
  const schema = Object.hasOwn(kind.params.shape, name) ? kind.params.shape[name] : undefined;
  if (!schema || kind.fixed?.includes(name)) return undefined;
  const plain = unwrapped(schema);
  if (plain instanceof z.ZodNumber) return "number";
  return plain instanceof z.ZodString || plain instanceof z.ZodEnum ? "text" : undefined;
}

function unwrapped(schema: z.ZodTypeAny): z.ZodTypeAny {
  if (schema instanceof z.ZodOptional) return unwrapped(schema.unwrap() as z.ZodTypeAny);
  if (schema instanceof z.ZodDefault) return unwrapped(schema.removeDefault() as z.ZodTypeAny);
  return schema;
}
