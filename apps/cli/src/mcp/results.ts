import path from "node:path";

import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { isEnded, type Run } from "@modly-runs/contract";
import { type Failure, type Outcome, succeed } from "@modly-runs/contract/client";
import { type Figures, figuresOf, type ReadFormat, READ_FORMATS, readMesh } from "@modly-runs/mesh";
import { z } from "zod";

import { meshBytes } from "../runs/save.ts";
import type { Found } from "../servers/servers.ts";

/** What every tool about a run gives. */
export const RUN_OUTPUT = {
  run_id: z.string(),
  status: z.enum(["pending", "running", "done", "error", "cancelled"]),
  progress: z.number().describe("0 to 100"),
  step: z.string().nullable(),
  error: z.string().nullable(),
  mesh_url: z.string().nullable().describe("Where the mesh can be fetched, once it is done"),
  next: z.string().describe("What to do now"),
  figures: z
    .object({
      triangles: z.number(),
      vertices: z.number(),
      size: z.array(z.number()).describe("Width, height and depth in metres"),
      watertight: z.boolean().describe("True if it can be printed as it is"),
      volume: z.number().nullable().describe("Cubic metres, if it is watertight"),
      coloured: z.boolean(),
    })
    .optional(),
};

const NEXT: Record<Run["status"], string> = {
  pending: "Call wait_run with this run_id.",
  running: "Call wait_run with this run_id.",
  done: "Call save_mesh with this run_id to write the mesh to a file.",
  error: "Read the error; another picture, model or params may help.",
  cancelled: "Nothing; start another run with generate_mesh.",
};

/** A refusal that an agent can read. */
export function refused(why: string): CallToolResult {
  return { isError: true, content: [{ type: "text", text: why }] };
}

export function failed({ message, runId }: Failure): CallToolResult {
  return refused(runId === undefined ? message : `${message} The run is ${runId}.`);
}

/** A run as text and data; of one that is done also its figures, a link and a picture. */
export async function told(found: Found, run: Run, withPicture: boolean): Promise<CallToolResult> {
  const mesh_url = run.output_url === null ? null : found.apiUrl + run.output_url;
  const { run_id, status, progress, step, error } = run;
  const data = { run_id, status, progress, step, error, mesh_url, next: NEXT[status] };
  const at = isEnded(status) ? "" : ` (${progress} %, ${step ?? "waiting"})`;
  const line = [`Run ${run_id} is ${status}${at}.`, error, data.next].filter(Boolean).join(" ");
  const text = { type: "text", text: line } as const;
  if (mesh_url === null || run.output_url === null || !withPicture)
    return { content: [text], structuredContent: data };
  const name = path.posix.basename(run.output_url);
  const link = {
    type: "resource_link",
    uri: mesh_url,
    name,
    mimeType: "model/gltf-binary",
  } as const;
  const seen = await lookAt(found, run);
  if (!seen.ok) return { content: [text, link], structuredContent: data };
  const { figures, png } = seen.value;
  const facts = `${figures.triangles} triangles, ${figures.watertight ? "watertight" : "not watertight"}.`;
  return {
    content: [
      { type: "text", text: `${line} ${facts}` },
      link,
      { type: "image", data: png.toString("base64"), mimeType: "image/png" },
    ],
    structuredContent: { ...data, figures },
  };
}

async function lookAt(found: Found, run: Run): Promise<Outcome<{ figures: Figures; png: Buffer }>> {
  const bytes = await meshBytes(found.client, run);
  if (!bytes.ok) return bytes;
  const extension = path.posix
    .extname(run.output_url ?? "")
    .slice(1)
    .toLowerCase();
  const format: ReadFormat = READ_FORMATS.find((name) => name === extension) ?? "glb";
  const read = await readMesh(bytes.value, format);
  if (!read.ok) return { ok: false, failure: { code: "broken_mesh", message: read.why } };
  const { renderMesh } = await import("@modly-runs/mesh/render");
  const { png } = await renderMesh(read.value, { width: 384, height: 384, yaw: -35, pitch: 15 });
  return succeed({ figures: figuresOf(read.value), png });
}
