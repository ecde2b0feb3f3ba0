import { ParamSpec } from "@modly-runs/contract/companion";
import { z } from "zod";

/** An id is a part of a model's id and the name of a folder at once. */
const Id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be letters, digits, dots, dashes, underscores");

/** What is odd in a description must not hide the model. */
const text = () => z.string().optional().catch(undefined);

/** Rows that are no parameter are left out; what they name is passed through unchecked. */
const Params = z
  .array(z.unknown())
  .transform((rows) => rows.flatMap((row) => ParamSpec.safeParse(row).data ?? []))
  .optional()
  .catch(undefined);

/** A node takes a picture unless it says otherwise. */
const Input = z.union([
  z.string(),
  z.object({ type: z.string().catch("image"), required: z.boolean().catch(true) }).passthrough(),
]);

const shared = {
  name: text(),
  description: text(),
  generator_class: z.string().optional(),
  hf_repo: text(),
  download_check: text(),
  params_schema: Params,
  vram_gb: z.coerce.number().optional().catch(undefined),
  tags: z.array(z.string()).optional().catch(undefined),
};

const Node = z.object({
  ...shared,
  id: Id,
  input: z.string().catch("image"),
  output: z.string().catch("mesh"),
  inputs: z.array(Input).optional().catch(undefined),
});
type Node = z.infer<typeof Node>;

/** `manifest.json` as far as a host needs it; everything else in it passes. */
const Manifest = z.object({
  ...shared,
  id: Id,
  type: z.string().catch("model"),
  version: z.coerce.string().catch(""),
  nodes: z.array(Node).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** One model that an extension offers, the node's words before the extension's. */
export interface OfferedModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly vramGb: number | null;
  readonly hfRepo: string | null;
  readonly downloadCheck: string | null;
  readonly params: readonly ParamSpec[];
}

export type ManifestResult =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problem: string };

/** Reads the text of a `manifest.json`; the problem is a sentence that names the key. */
export function readManifest(json: string): ManifestResult {
  let value: unknown;
  try {
    // Some editors put a byte order mark in front.
    value = JSON.parse(json.replace(/^\uFEFF/, ""));
  } catch (cause) {
    return { ok: false, problem: `manifest.json is not JSON: ${(cause as Error).message}` };
  }
  const { success, data, error } = Manifest.safeParse(value);
  if (success) return { ok: true, manifest: data };
  const [issue] = error.issues;
  const where = issue?.path.join(".") || "the whole";
  return { ok: false, problem: `manifest.json: ${where}: ${issue?.message ?? "not valid"}` };
}

/** True for a node that makes a mesh out of one picture and demands nothing else. */
function isImageToMesh({ input, output, inputs }: Node): boolean {
  if (output !== "mesh") return false;
  if (!inputs?.length) return input === "image";
  const wanted = inputs.map((each) =>
    typeof each === "string" ? { type: each, required: true } : each,
  );
  const pictures = wanted.filter(({ type, required }) => type === "image" && required);
  return (
    pictures.length <= 1 && wanted.every(({ type, required }) => type === "image" || !required)
  );
}

/** The models of an extension that turn a picture into a mesh. */
export function modelsOf(manifest: Manifest): OfferedModel[] {
  const describe = (id: string, node: Partial<Node>): OfferedModel => ({
    id,
    name: node.name ?? node.id ?? manifest.name ?? id,
    description: node.description ?? manifest.description ?? "",
    version: manifest.version,
    tags: node.tags ?? manifest.tags ?? [],
    vramGb: node.vram_gb ?? manifest.vram_gb ?? null,
    hfRepo: (node.hf_repo || manifest.hf_repo) ?? null,
    downloadCheck: (node.download_check || manifest.download_check) ?? null,
    params: node.params_schema ?? manifest.params_schema ?? [],
  });
  if (!manifest.nodes?.length) return [describe(manifest.id, {})];
  return manifest.nodes
    .filter(isImageToMesh)
    .map((node) => describe(`${manifest.id}/${node.id}`, node));
}
