import { z } from "zod";

const id = z.string();

const Fault = {
  kind: z.string().catch(""),
  message: z.string().catch(""),
  traceback: z.string().catch(""),
};

/** What `python/runner.py` says, one JSON object a line. */
export const Message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), params_schema: z.unknown() }),
  z.object({ type: z.literal("begun"), id }),
  z.object({ type: z.literal("progress"), id, pct: z.number().nullable(), step: z.string() }),
  z.object({ type: z.literal("loaded"), id }),
  z.object({ type: z.literal("missing"), id }),
  z.object({ type: z.literal("done"), id, output_path: z.string() }),
  z.object({ type: z.literal("cancelled"), id }),
  z.object({ type: z.literal("unloaded"), id }),
  z.object({ type: z.literal("error"), id: id.nullable(), ...Fault }),
]);
export type Message = z.infer<typeof Message>;

/** A failure in Python, as the runner tells it. */
export type PythonFault = Extract<Message, { type: "error" }>;

/** What it is told. */
export type Order =
  | { readonly action: "load"; readonly download: boolean }
  | {
      readonly action: "generate";
      readonly image_b64: string;
      readonly params: Readonly<Record<string, unknown>>;
      readonly outputs_dir: string;
    }
  | { readonly action: "unload" };
