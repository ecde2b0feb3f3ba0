import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface Job {
  began: number;
  steps: number;
  stepMs: number;
  fails: boolean;
  /** When it was cancelled; Infinity if never. */
  until: number;
}

const json = '{"asset":{"version":"2.0"}}'.padEnd(28);
const glb = Buffer.alloc(20 + json.length);
[0x46546c67, 2, glb.length, json.length, 0x4e4f534a].forEach((n, i) => glb.writeUInt32LE(n, 4 * i));
glb.write(json, 20);

/** The run as the clock has it: nothing happens here between two requests. */
function runOf(run_id: string, { began, steps, stepMs, fails, until }: Job) {
  const step = Math.floor((Math.min(Date.now(), until) - began) / stepMs);
  const done = step >= steps && !fails;
  const status = done
    ? "done"
    : fails && step >= 1
      ? "error"
      : until < Infinity
        ? "cancelled"
        : "running";
  const file = `Default/${run_id}.glb`;
  return {
    run_id,
    status,
    progress: done ? 100 : Math.min(99, Math.floor((100 * step) / steps)),
    step: done ? "Completed" : `Step ${step}`,
    output_url: done ? `/workspace/${file}` : null,
    error: status === "error" ? "It failed, as it was asked to." : null,
    scene_candidate: done ? { workspace_path: file } : null,
  };
}

/** The three endpoints and the workspace: no list of models, no HEAD, no ETag, no stream, no health. */
export async function startBareServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const jobs = new Map<string, Job>();
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object | Buffer) =>
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(body instanceof Buffer ? body : JSON.stringify(body));
    const [, first, id = "", last] = (request.url ?? "").split("/");
    if (request.url === "/workflow-runs/from-image" && request.method === "POST") {
      const form = await formOf(request);
      const model = textOf(form, "model_id");
      if (model !== "test/steps" && model !== "test/fail")
        return answer(400, { detail: `Unknown model ID "${model}"` });
      const { steps = 5, step_ms: stepMs = 40 } = JSON.parse(
        textOf(form, "params") || "{}",
      ) as Record<string, number>;
      const run_id = randomUUID();
      jobs.set(run_id, {
        began: Date.now(),
        steps,
        stepMs,
        fails: model === "test/fail",
        until: Infinity,
      });
      return answer(202, { run_id, status: "pending" });
    }
    if (first === "workspace") return answer(200, glb);
    const job = first === "workflow-runs" ? jobs.get(id) : undefined;
    if (!job) return answer(404, { detail: "Run not found" });
    if (last === "cancel" && runOf(id, job).status === "running") job.until = Date.now();
    return answer(
      200,
      last === "cancel" ? { run_id: id, status: runOf(id, job).status } : runOf(id, job),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function formOf(request: IncomingMessage): Promise<FormData> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const type = request.headers["content-type"] ?? "";
  return new Response(Buffer.concat(chunks), { headers: { "content-type": type } }).formData();
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}
