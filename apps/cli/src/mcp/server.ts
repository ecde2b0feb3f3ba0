import { randomUUID } from "node:crypto";
import path from "node:path";

import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type {
  CallToolResult,
  ServerNotification,
  ServerRequest,
} from "@modelcontextprotocol/sdk/types.js";
import { isEnded, type Run } from "@modly-runs/contract";
import { FORMATS, isFormat } from "@modly-runs/mesh/formats";
import { z } from "zod";

import { note } from "../local/journal.ts";
import { chooseModel, defaultModel, listedModels } from "../runs/models.ts";
import { saveMesh } from "../runs/save.ts";
import type { Found, Servers } from "../servers/servers.ts";
import { terminalOn } from "../terminal.ts";
import { VERSION } from "../version.ts";
import { Allowed } from "./allowed.ts";
import { failed, refused, RUN_OUTPUT, told } from "./results.ts";

/** Milliseconds that a call waits at most: clients give up on tools after a minute. */
const LONGEST_WAIT = 45_000;

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const READS = { readOnlyHint: true, openWorldHint: false } as const;
const runId = z.string().describe("As generate_mesh gave it");
const seconds = z.number().min(0).max(45).default(45).describe("How long to wait at most");

/** Is an MCP server over stdio until the other side closes it. */
export async function serveAgents(
  servers: Servers,
  folders: readonly string[],
  onStop: (stop: () => void) => void,
): Promise<void> {
  const server = new McpServer({ name: "modly-runs", version: VERSION });
  const allowed = new Allowed(folders);

  /** Tools that need a server find one first. */
  const using = async (act: (found: Found) => Promise<CallToolResult>): Promise<CallToolResult> => {
    const any = await servers.any();
    return any.ok ? act(any.value) : failed(any.failure);
  };

  server.registerTool(
    "list_models",
    {
      title: "List models",
      description:
        "The models that turn a picture into a mesh, with their parameters. `default` is used when none is named.",
      outputSchema: {
        default: z.string().optional(),
        models: z.array(
          z.object({
            id: z.string(),
            name: z.string().optional(),
            description: z.string().optional(),
            params: z.array(z.record(z.unknown())),
          }),
        ),
      },
      annotations: READS,
    },
    () =>
      using(async (found) => {
        const listed = await listedModels(found);
        if (!listed.ok) return failed(listed.failure);
        const models = await Promise.all(
          (listed.value ?? []).map(async ({ id, name, description }) => {
            const params = await found.client.params(id);
            return {
              id,
              name,
              description,
              params: params.ok ? params.value.map((param) => ({ ...param })) : [],
            };
          }),
        );
        const data = { default: defaultModel(listed.value ?? []), models };
        return { content: [{ type: "text", text: JSON.stringify(data) }], structuredContent: data };
      }),
  );

  server.registerTool(
    "generate_mesh",
    {
      title: "Generate a mesh",
      description:
        "Turns a picture (a file's path, or its bytes as base64) into a 3D mesh. Waits up to 45 s; if that is not enough, go on with wait_run.",
      inputSchema: {
        image_path: z.string().optional().describe("A picture in an allowed folder"),
        image_base64: z.string().optional().describe("A picture's bytes, in place of image_path"),
        model: z.string().optional().describe("An id of list_models"),
        params: z.record(z.unknown()).optional().describe("The model's parameters"),
        idempotency_key: z
          .string()
          .optional()
          .describe("The same key and picture give the same run"),
        wait_seconds: seconds,
      },
      outputSchema: RUN_OUTPUT,
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ image_path, image_base64, model, params, idempotency_key, wait_seconds }, extra) =>
      using(async (found) => {
        if ((image_path === undefined) === (image_base64 === undefined))
          return refused("Give either image_path or image_base64.");
        const place = image_path === undefined ? undefined : await allowed.resolve(image_path);
        if (place && !place.ok) return refused(place.why);
        const image = place?.file ?? new Uint8Array(Buffer.from(image_base64 ?? "", "base64"));
        const chosen = model ?? (await chooseModel(found, () => {}));
        if (typeof chosen !== "string" && !chosen.ok) return failed(chosen.failure);
        const modelId = typeof chosen === "string" ? chosen : chosen.value;
        const key = idempotency_key ?? randomUUID();
        const created = await found.client.create({ image, modelId, params, idempotencyKey: key });
        if (!created.ok) return failed(created.failure);
        const { run_id } = created.value;
        await note({
          key,
          image: image_path ?? "base64",
          model: modelId,
          api_url: found.own ? null : found.apiUrl,
          run_id,
        });
        return follow(found, run_id, wait_seconds, extra);
      }),
  );

  server.registerTool(
    "wait_run",
    {
      title: "Wait for a run",
      description: "Waits up to 45 s for a run to end. Stopping to wait does not stop the run.",
      inputSchema: { run_id: runId, wait_seconds: seconds },
      outputSchema: RUN_OUTPUT,
      annotations: READS,
    },
    ({ run_id, wait_seconds }, extra) =>
      using((found) => follow(found, run_id, wait_seconds, extra)),
  );

  server.registerTool(
    "get_run",
    {
      title: "Read a run",
      description: "How a run stands now.",
      inputSchema: { run_id: runId },
      outputSchema: RUN_OUTPUT,
      annotations: READS,
    },
    ({ run_id }) =>
      using(async (found) => {
        const read = await found.client.get(run_id);
        return read.ok ? told(found, read.value, false) : failed(read.failure);
      }),
  );

  server.registerTool(
    "cancel_run",
    {
      title: "Cancel a run",
      description: "Stops a run. One that has ended stays as it is.",
      inputSchema: { run_id: runId },
      outputSchema: RUN_OUTPUT,
      annotations: {
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: true,
        openWorldHint: false,
      },
    },
    ({ run_id }) =>
      using(async (found) => {
        const answer = await found.client.cancel(run_id);
        const read = answer.ok ? await found.client.get(run_id) : answer;
        return read.ok ? told(found, read.value, false) : failed(read.failure);
      }),
  );

  server.registerTool(
    "save_mesh",
    {
      title: "Save a mesh",
      description:
        "Writes the mesh of a run that is done to a file in an allowed folder. STL and 3MF are in millimetres, for printing.",
      inputSchema: {
        run_id: runId,
        path: z.string().describe("Where to; the extension chooses the format"),
        format: z
          .enum(["glb", "obj", "stl", "ply", "3mf"])
          .optional()
          .describe("If the path has no extension"),
        size_mm: z
          .number()
          .positive()
          .max(100_000)
          .optional()
          .describe("Longest side of an STL or 3MF; 100 if left out"),
        overwrite: z.boolean().default(false),
      },
      outputSchema: { files: z.array(z.string()), format: z.string() },
      annotations: {
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: true,
        openWorldHint: false,
      },
    },
    ({ run_id, path: to, format, size_mm, overwrite }) =>
      using(async (found) => {
        const place = await allowed.resolve(to);
        if (!place.ok) return refused(place.why);
        const { existsSync } = await import("node:fs");
        if (!overwrite && existsSync(place.file))
          return refused(`${to} is there already. Choose another name, or set overwrite.`);
        const extension = path.extname(place.file).slice(1).toLowerCase();
        const chosen = extension || format || "glb";
        if (!isFormat(chosen) || (format !== undefined && format !== chosen))
          return refused(
            `The path must end in the format's extension: ${Object.keys(FORMATS)
              .map((name) => `.${name}`)
              .join(", ")}.`,
          );
        if (size_mm !== undefined && !FORMATS[chosen].printed)
          return refused(`size_mm is for stl and 3mf; a ${chosen} has no size in millimetres.`);
        const read = await found.client.get(run_id);
        if (!read.ok) return failed(read.failure);
        const target = { file: place.file, format: chosen, sizeMm: size_mm };
        const saved = await saveMesh(
          found,
          read.value,
          target,
          terminalOn(process.stderr, process.stderr),
        );
        if (!saved.ok) return failed(saved.failure);
        const { files } = saved.value;
        const data = { files, format: chosen };
        return {
          content: [{ type: "text", text: `Written: ${files.join(", ")}` }],
          structuredContent: data,
        };
      }),
  );

  const closed = new Promise<void>((resolve) => {
    // The transport does not tell of a client that is gone; its end of the pipe does.
    process.stdin.on("end", resolve);
    onStop(resolve);
  });
  await server.connect(new StdioServerTransport());
  await closed;
  await server.close();
}

/** Follows a run for a while, telling its progress; the run goes on whatever becomes of the wait. */
async function follow(
  found: Found,
  run_id: string,
  wait: number,
  extra: Extra,
): Promise<CallToolResult> {
  const { _meta: meta } = extra;
  const token = meta?.progressToken;
  const timeout = AbortSignal.timeout(Math.min(wait * 1000, LONGEST_WAIT));
  let last: Run | undefined;
  for await (const seen of found.client.watch(run_id, {
    signal: AbortSignal.any([extra.signal, timeout]),
    patience: LONGEST_WAIT,
  })) {
    if (!seen.ok && seen.failure.code === "aborted") break;
    if (!seen.ok) return failed({ ...seen.failure, runId: run_id });
    last = seen.value;
    if (isEnded(last.status)) break;
    if (token !== undefined)
      await extra.sendNotification({
        method: "notifications/progress",
        params: {
          progressToken: token,
          progress: last.progress,
          total: 100,
          message: last.step ?? "Waiting",
        },
      });
  }
  if (last) return told(found, last, true);
  const read = await found.client.get(run_id);
  return read.ok ? told(found, read.value, true) : failed({ ...read.failure, runId: run_id });
}
