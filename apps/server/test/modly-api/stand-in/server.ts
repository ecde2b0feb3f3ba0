import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";

import busboy from "busboy";

import { type Bug, type Faults, NO_FAULTS } from "./bugs.ts";
import { createJobs, type Job } from "./jobs.ts";
import { isModelId, MODELS, type ModelId, PARAMS } from "./models.ts";

export interface StandInOptions {
  readonly bugs: ReadonlySet<Bug>;
  readonly workspace: string;
  /** A file to which every submission is appended, one JSON object a line: it outlives a kill. */
  readonly ledger: string;
  readonly token: string | undefined;
}

/** What a route makes of a request; `text` is sent as it is, `body` as JSON. */
interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly file?: string;
  readonly headers?: Record<string, string>;
  /** Taken, but the answer never arrives. */
  readonly lost?: boolean;
}

type Fields = ReadonlyMap<string, string | File>;
type Route = (request: IncomingMessage, url: URL, id: string) => Answer | Promise<Answer>;

function isCollection(name: string): boolean {
  return /^[A-Za-z0-9][\w. -]*$/.test(name);
}

/** How long a file is late, ms. */
const LATE_FILE_MS = 120;

const detail = (status: number, message: unknown): Answer => ({
  status,
  body: { detail: message },
});
const NOT_FOUND = detail(404, "Not Found");

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The parts of a form; null when they can't be read, none when it is no multipart form. */
async function readForm(request: IncomingMessage): Promise<Fields | null> {
  const type = request.headers["content-type"] ?? "";
  const body = await readBody(request);
  if (!/^multipart\/form-data\b/i.test(type)) return new Map();
  const fields = new Map<string, string | File>();
  return new Promise((resolve) => {
    try {
      const form = busboy({ headers: { "content-type": type } });
      form.on("field", (name, value) => fields.set(name, value));
      form.on("file", (name, stream, { mimeType, filename }) => {
        const chunks: Buffer[] = [];
        // A form that ends in the middle of a file breaks the file too.
        stream.on("error", () => resolve(null));
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          fields.set(name, new File([Buffer.concat(chunks)], filename, { type: mimeType }));
        });
      });
      form.on("error", () => resolve(null));
      form.on("close", () => resolve(fields));
      form.end(body);
    } catch {
      resolve(null);
    }
  });
}

function missing(field: string): Answer {
  return detail(422, [
    { type: "missing", loc: ["body", field], msg: "Field required", input: null },
  ]);
}

/** Modly's HTTP surface over the jobs: the job API, its workflow-runs routes, models and workspace. */
export function createStandIn({ bugs, workspace, ledger, token }: StandInOptions): http.Server {
  const jobs = createJobs({ bugs, workspace });
  let faults: Faults = { ...NO_FAULTS };
  const firstAsked = new Map<string, number>();

  /** Counts a fault down; true while it still has to happen. */
  function takes(fault: "loseSubmissions" | "garbage" | "cut" | "cutFiles"): boolean {
    if (faults[fault] <= 0) return false;
    faults[fault] -= 1;
    return true;
  }

  async function create(request: IncomingMessage, route: string, told: (job: Job) => unknown) {
    const fields = await readForm(request);
    if (fields === null) return detail(400, "There was an error parsing the body");
    const image = fields.get("image");
    if (image === undefined || typeof image === "string") return missing("image");
    if (!image.type.startsWith("image/")) return detail(400, "File must be an image");
    const model = text(fields, "model_id", "sf3d");
    const parsed = paramsOf(text(fields, "params", "{}"));
    if (parsed === undefined) return unusable(model);
    if (!isModelId(model))
      return detail(
        400,
        `Unknown model ID: '${model}'. Available: ${Object.keys(MODELS).join(", ")}`,
      );
    const bytes = Buffer.from(await image.arrayBuffer());
    if (bytes.length === 0 && !bugs.has("emptyImages")) return detail(400, "Empty image");
    jobs.switchTo(model);
    await jobs.thaw();
    const collection = text(fields, "collection", "Default").trim();
    if (!isCollection(collection) && !bugs.has("collectionsClimb"))
      return detail(400, `No collection can be named ${collection}`);
    const { job, sha256 } = jobs.submit({ model, collection, params: parsed, image: bytes });
    const line = { at: Date.now(), job: job.job_id, model, sha256, route };
    appendFileSync(ledger, `${JSON.stringify(line)}\n`);
    return { status: 200, body: told(job), lost: takes("loseSubmissions") };
  }

  function text(fields: Fields, name: string, otherwise: string): string {
    const value = fields.get(name);
    return typeof value === "string" ? value : otherwise;
  }

  /** undefined: JSON, but no object. */
  function paramsOf(json: string): Record<string, unknown> | undefined {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      return bugs.has("oddParams") ? {} : undefined;
    }
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  }

  function unusable(model: string): Answer {
    if (bugs.has("refusedCreateSwitches") && isModelId(model)) jobs.switchTo(model);
    if (!bugs.has("oddParams")) return detail(400, "params must be a JSON object");
    return { status: 500, text: "Internal Server Error" };
  }

  function readJob(id: string, noun: string, told: (job: Job) => unknown): Answer {
    const job = jobs.read(id);
    return job ? { status: 200, body: told(job) } : detail(404, `${noun} ${id} not found`);
  }

  function cancel(id: string, noun: string): Answer {
    return jobs.cancel(id)
      ? { status: 200, body: { cancelled: true } }
      : detail(404, `${noun} ${id} not found`);
  }

  function asRun({ job_id, ...job }: Job) {
    const done = job.status === "done" && job.output_url !== null;
    return {
      run_id: job_id,
      ...job,
      progress: Math.trunc(job.progress),
      scene_candidate: done
        ? { workspace_path: job.output_url?.slice("/workspace/".length) }
        : null,
    };
  }

  function row(id: ModelId) {
    return {
      id,
      name: MODELS[id].name,
      description: "A stand-in's model",
      version: "1.0.0",
      vram_gb: 0,
      hf_repo: "",
      tags: [],
      downloaded: true,
      loaded: id === jobs.activeModel(),
      active: id === jobs.activeModel(),
    };
  }

  /** Late for whoever asks first, however long that took: so the bug does not depend on the machine. */
  function isLate(file: string): boolean {
    if (!bugs.has("lateFiles")) return false;
    const first = firstAsked.get(file) ?? performance.now();
    firstAsked.set(file, first);
    return performance.now() - first < LATE_FILE_MS;
  }

  function readWorkspace(url: URL): Answer {
    let relative: string;
    try {
      relative = decodeURIComponent(url.pathname.slice("/workspace/".length));
    } catch {
      return NOT_FOUND;
    }
    const file = path.resolve(workspace, relative);
    const inside = file.startsWith(workspace + path.sep);
    if (relative.includes("\0") || (!inside && !bugs.has("workspaceLeaks"))) return NOT_FOUND;
    const there = existsSync(file) && statSync(file).isFile();
    return there && !(inside && isLate(file)) ? { status: 200, file } : NOT_FOUND;
  }

  const routes: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
    ["GET", /^\/health$/, () => ({ status: 200, body: { status: "ok" } })],
    [
      "GET",
      /^\/model\/all$/,
      () => ({ status: 200, body: Object.keys(MODELS).filter(isModelId).map(row) }),
    ],
    ["GET", /^\/model\/status$/, () => ({ status: 200, body: row(jobs.activeModel()) })],
    [
      "GET",
      /^\/model\/params$/,
      (_, url) => {
        const id = url.searchParams.get("model_id") ?? jobs.activeModel();
        return isModelId(id)
          ? { status: 200, body: PARAMS }
          : detail(404, `Unknown model ID: ${id}`);
      },
    ],
    [
      "POST",
      /^\/generate\/from-image$/,
      (request) => create(request, "generate", ({ job_id }) => ({ job_id })),
    ],
    ["GET", /^\/generate\/status\/([^/]+)$/, (_, __, id) => readJob(id, "Job", (job) => job)],
    ["POST", /^\/generate\/cancel\/([^/]+)$/, (_, __, id) => cancel(id, "Job")],
    [
      "POST",
      /^\/workflow-runs\/from-image$/,
      (request) =>
        create(request, "workflow-runs", ({ job_id }) => ({ run_id: job_id, status: "pending" })),
    ],
    ["GET", /^\/workflow-runs\/([^/]+)$/, (_, __, id) => readJob(id, "Run", asRun)],
    ["POST", /^\/workflow-runs\/([^/]+)\/cancel$/, (_, __, id) => cancel(id, "Run")],
    ["GET", /^\/workspace\/./, (_, url) => readWorkspace(url)],
    ["HEAD", /^\/workspace\/./, (_, url) => readWorkspace(url)],
    ["GET", /^\/stand-in\/jobs$/, () => ({ status: 200, body: jobs.all() })],
    [
      "PUT",
      /^\/stand-in\/faults$/,
      async (request) => {
        faults = { ...NO_FAULTS, ...(JSON.parse((await readBody(request)).toString()) as Faults) };
        return { status: 200, body: faults };
      },
    ],
  ];

  function route(request: IncomingMessage, url: URL): Answer | Promise<Answer> {
    const here = routes.filter(([, pattern]) => pattern.test(url.pathname));
    const found = here.find(([method]) => method === request.method);
    if (found) {
      const [, pattern, answer] = found;
      return answer(request, url, pattern.exec(url.pathname)?.[1] ?? "");
    }
    if (here.length > 0)
      return {
        ...detail(405, "Method Not Allowed"),
        headers: { allow: here.map(([m]) => m).join(", ") },
      };
    const bare = url.pathname.replace(/\/$/, "");
    const slashed = bare !== url.pathname && routes.some(([, pattern]) => pattern.test(bare));
    return slashed
      ? { status: 307, text: "", headers: { location: bare + url.search } }
      : NOT_FOUND;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://stand-in");
    const control = url.pathname.startsWith("/stand-in/");
    if (!control) {
      await jobs.thaw();
      if (faults.delay > 0) await new Promise((resolve) => setTimeout(resolve, faults.delay));
      if (takes("cut")) return void request.socket.destroy();
      if (takes("garbage")) return void response.end("<html>{not json");
      const allowed = url.pathname === "/health" || !token;
      if (!allowed && request.headers.authorization !== `Bearer ${token}`)
        return send(response, detail(401, "Missing or invalid API token"));
    }
    const result = await route(request, url);
    if (result.lost) request.socket.destroy();
    else send(response, result, request.method === "HEAD");
  }

  function send(response: ServerResponse, result: Answer, headOnly = false): void {
    response.statusCode = result.status;
    for (const [name, value] of Object.entries(result.headers ?? {}))
      response.setHeader(name, value);
    const body = result.file
      ? readFileSync(result.file)
      : Buffer.from(result.text ?? JSON.stringify(result.body));
    const type = result.file
      ? "model/gltf-binary"
      : result.text === undefined
        ? "application/json"
        : "text/plain";
    response.setHeader("content-type", type);
    response.setHeader("content-length", body.length);
    if (headOnly) return void response.end();
    if (result.file && takes("cutFiles")) {
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
      return;
    }
    response.end(body);
  }

  const server = http.createServer((request, response) => {
    // A client that goes away in the middle of its own request is nobody's fault here.
    answer(request, response).catch(() => request.socket.destroy());
  });
  return server.on("close", () => jobs.stop());
}
