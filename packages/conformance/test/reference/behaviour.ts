import { createHash, randomUUID } from "node:crypto";
import type { ServerOptions, ServerResponse } from "node:http";

import { isEnded } from "@modly-runs/contract";

import { type Answer, isAnswer, json, refuse, type Request } from "./http.ts";
import {
  active,
  change,
  enqueue,
  giveBack,
  type Lab,
  type Model,
  MODELS,
  pause,
  type StoredRun,
} from "./lab.ts";
import { glb, triangle } from "./mesh.ts";
import { boundaryOf, parseMultipart, type Part } from "./multipart.ts";
import { faultOf } from "./picture.ts";

const MAX_PARAMS_BYTES = 256 * 1024;
const MAX_DEPTH = 64;
const LOCAL = /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

/** Stands for a restart of the process; only the restart hook of the suite's target asks for it. */
export const RESTART_PATH = "/restart";

/** The reference server as a table of small functions. A mutant replaces one or two of them. */
export interface Behaviour {
  /** How it listens. */
  server: ServerOptions;
  /** Refuses whoever comes from another machine's page. */
  stranger(request: Request): Answer | null;
  /** Finds the route and answers. */
  handle(lab: Lab, request: Request): Promise<Answer>;
  /** The last word on every answer. */
  decorate(answer: Answer, request: Request, lab: Lab): Answer | Promise<Answer>;
  /** What a request with `Expect: 100-continue` gets before its body. */
  expectContinue(response: ServerResponse): void;

  create(lab: Lab, request: Request): Promise<Answer>;
  /** Refuses what is no form at all; else the form's boundary. */
  boundary(request: Request): string | Answer;
  parts(body: Buffer, boundary: string): Part[] | Answer | Promise<Part[] | Answer>;
  /** Refuses a form for its files. */
  fileFault(parts: readonly Part[]): Answer | null;
  image(parts: readonly Part[]): Part | Answer;
  /** Says what is wrong with a picture, or null. */
  pictureFault(bytes: Buffer): string | null;
  model(parts: readonly Part[]): Model | Answer;
  params(parts: readonly Part[], lab: Lab): Record<string, unknown> | Answer;
  collection(parts: readonly Part[]): string | Answer;
  /** Refuses a good request for lack of room. */
  admit(lab: Lab, request: Request): Answer | null;
  newId(lab: Lab): string;
  /** Makes the run readable and hands it to its model. */
  accept(lab: Lab, run: StoredRun): void;
  created(lab: Lab, run: StoredRun, request: Request): Answer | Promise<Answer>;

  /** The fake generator: from a free slot to the run's end. */
  work(lab: Lab, run: StoredRun): Promise<void>;
  /** Shows that the generator got on. */
  advance(run: StoredRun, done: number, of: number): void;
  publish(lab: Lab, run: StoredRun): void;
  fail(lab: Lab, run: StoredRun): void;
  /** Gives the slot of a run back. */
  release(lab: Lab, run: StoredRun): void;
  outputPath(run: StoredRun): string;
  mesh(run: StoredRun): Buffer;

  /** The run that a piece of a path names. */
  find(lab: Lab, id: string): StoredRun | Answer;
  read(lab: Lab, run: StoredRun, request: Request): Answer | Promise<Answer>;
  /** A run as a client sees it. */
  view(run: StoredRun, lab: Lab): Record<string, unknown>;
  readHeaders(run: StoredRun, body: string): Record<string, string>;

  cancel(lab: Lab, run: StoredRun, request: Request): Answer | Promise<Answer>;
  /** Ends an active run for good. */
  stop(lab: Lab, run: StoredRun): void;
  cancelled(run: StoredRun): Answer;

  /** What a restart of the process does to the runs and the keys. */
  restart(lab: Lab): void;

  /** A file below /workspace/. */
  file(lab: Lab, path: string, request: Request): Answer | Promise<Answer>;
  otherMethod(lab: Lab, request: Request, allowed: string): Answer;
  otherRoute(request: Request): Answer;
}

/** The behaviour that keeps the contract. */
export const correct: Behaviour = {
  // Silent clients are sent away soon, so that the check for it does not have to wait.
  server: { headersTimeout: 5_000, connectionsCheckingInterval: 500 },

  stranger({ headers }) {
    const origin = headers.origin ?? "http://localhost";
    return LOCAL.test(`http://${headers.host}`) && LOCAL.test(origin)
      ? null
      : refuse("forbidden_origin", "This server is for its own machine.");
  },

  async handle(lab, request) {
    const { behaviour } = lab;
    const { method, path } = request;
    const reads = method === "GET" || method === "HEAD";
    if (path === "/workflow-runs/from-image")
      return method === "POST"
        ? behaviour.create(lab, request)
        : behaviour.otherMethod(lab, request, "POST");

    const [, id, cancel] = /^\/workflow-runs\/([^/]+)(\/cancel)?$/.exec(path) ?? [];
    if (id) {
      if (cancel ? method !== "POST" : !reads)
        return behaviour.otherMethod(lab, request, cancel ? "POST" : "GET, HEAD");
      const run = behaviour.find(lab, id);
      if (isAnswer(run)) return run;
      return cancel ? behaviour.cancel(lab, run, request) : behaviour.read(lab, run, request);
    }
    if (method === "POST" && path === RESTART_PATH) {
      behaviour.restart(lab);
      return json(200, { restarted: true });
    }
    if (reads && path.startsWith("/workspace/"))
      return behaviour.file(lab, path.slice("/workspace/".length), request);
    return behaviour.otherRoute(request);
  },

  decorate: (answer) => answer,

  expectContinue: (response) => response.writeContinue(),

  async create(lab, request) {
    const { behaviour } = lab;
    const boundary = behaviour.boundary(request);
    if (isAnswer(boundary)) return boundary;
    const full = behaviour.admit(lab, request);
    if (full) return full;
    const body = await request.body();
    if (isAnswer(body)) return body;
    const parts = await behaviour.parts(body, boundary);
    if (isAnswer(parts)) return parts;
    const fault = behaviour.fileFault(parts);
    if (fault) return fault;

    const image = behaviour.image(parts);
    if (isAnswer(image)) return image;
    const model = behaviour.model(parts);
    if (isAnswer(model)) return model;
    const params = behaviour.params(parts, lab);
    if (isAnswer(params)) return params;
    const collection = behaviour.collection(parts);
    if (isAnswer(collection)) return collection;
    const pictureFault = behaviour.pictureFault(image.bytes);
    if (pictureFault) return refuse("unreadable_image", pictureFault);

    const run: StoredRun = {
      id: behaviour.newId(lab),
      model,
      params,
      collection,
      image: image.bytes,
      status: "pending",
      progress: 0,
      step: null,
      error: null,
      file: null,
      createdAt: performance.now(),
      endedAt: null,
      reads: 0,
      endReads: 0,
      cancels: 0,
      stop: new AbortController(),
    };
    const key = request.headers["idempotency-key"];
    if (typeof key === "string") {
      const content = sha256(
        image.bytes,
        Buffer.from(JSON.stringify([model.id, params, collection])),
      );
      const earlier = lab.idempotency.get(key);
      if (earlier && earlier.request !== content)
        return refuse("idempotency_mismatch", "The key was used for another request.");
      if (earlier) return behaviour.created(lab, earlier.run, request);
      lab.idempotency.set(key, { request: content, run });
    }
    behaviour.accept(lab, run);
    return behaviour.created(lab, run, request);
  },

  boundary({ headers }) {
    const type = headers["content-type"] ?? "";
    if (!/^multipart\/form-data\s*(;|$)/i.test(type))
      return refuse("unsupported_media_type", "Send the picture as multipart/form-data.");
    return boundaryOf(type) ?? refuse("malformed_request", "The content type has no boundary.");
  },

  parts(body, boundary) {
    const parts = parseMultipart(body, boundary);
    return typeof parts === "string" ? refuse("malformed_request", parts) : parts;
  },

  fileFault(parts) {
    const files = parts.filter((part) => part.file);
    const other = files.find((part) => part.name !== "image");
    if (other) return refuse("unexpected_file", "Only the part `image` may be a file.");
    return files.length > 1 ? refuse("unexpected_file", "Send exactly one picture.") : null;
  },

  image(parts) {
    const image = parts.find((part) => part.name === "image");
    if (!image) return refuse("missing_field", "The part `image` is missing.");
    if (!image.file) return refuse("invalid_field", "The part `image` must be a file.");
    return /^(?:image\/|application\/octet-stream)/i.test(image.type ?? "image/")
      ? image
      : refuse("not_an_image", "File must be an image.");
  },

  pictureFault: faultOf,

  model(parts) {
    const id = textOf(parts, "model_id")?.trim();
    if (!id) return refuse("missing_field", "The part `model_id` is missing or empty.");
    return (
      MODELS.find((model) => model.id === id) ??
      refuse("unknown_model", `Unknown model ID. There are: ${MODELS.map((m) => m.id).join(", ")}`)
    );
  },

  params(parts) {
    const text = textOf(parts, "params") ?? "{}";
    if (text.length > MAX_PARAMS_BYTES) return refuse("params_too_large", "`params` is too long.");
    const value = parseJson(text);
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return refuse("invalid_params", "`params` must be a JSON object.");
    if (depthOf(text) > MAX_DEPTH) return refuse("invalid_params", "`params` is nested too deep.");
    for (const key of ["steps", "step_ms"])
      if (Object.hasOwn(value, key) && typeof Reflect.get(value, key) !== "number")
        return refuse("invalid_params", `params.${key} must be a number.`);
    return value as Record<string, unknown>;
  },

  collection(parts) {
    const name = textOf(parts, "collection") ?? "Default";
    return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_-]?$/.test(name)
      ? name
      : refuse("invalid_field", "`collection` is not a name of a folder.");
  },

  admit: () => null,

  newId: () => randomUUID(),

  accept(lab, run) {
    lab.runs.set(run.id, run);
    enqueue(lab, run);
  },

  created: (_lab, run) =>
    json(
      200,
      { run_id: run.id, status: "pending" },
      { Location: `/workflow-runs/${run.id}`, "Cache-Control": "no-store" },
    ),

  async work(lab, run) {
    const steps = numberOf(run, "steps") ?? run.model.steps;
    const stepMs = numberOf(run, "step_ms") ?? run.model.stepMs;
    change(run, { status: "running", step: "Loading" });
    for (let done = 1; done <= steps; done += 1) {
      if (!(await pause(lab, stepMs, run))) return;
      lab.behaviour.advance(run, done, steps);
    }
    if (run.model.fails) lab.behaviour.fail(lab, run);
    else lab.behaviour.publish(lab, run);
  },

  advance(run, done, of) {
    change(run, { progress: Math.floor((done / of) * 99), step: `Step ${done} of ${of}` });
  },

  publish(lab, run) {
    if (isEnded(run.status)) return;
    const file = lab.behaviour.outputPath(run);
    lab.files.set(file, lab.behaviour.mesh(run));
    change(run, { status: "done", progress: 100, step: "Completed", file });
  },

  fail(_lab, run) {
    change(run, { status: "error", error: "The model can't make anything of this picture." });
  },

  release(lab, run) {
    giveBack(lab, run.model);
  },

  outputPath(run) {
    const mark = run.model.id === "ref/fingerprint" ? `${sha256(run.image)}-` : "";
    return `${run.collection}/${mark}${run.id}.glb`;
  },

  mesh: (run) => glb(triangle(`${sha256(run.image)} ${run.id}`)),

  find(lab, id) {
    if (!/^[A-Za-z0-9._~-]{1,128}$/.test(id)) return refuse("invalid_run_id", "Not a run id.");
    return lab.runs.get(id) ?? refuse("run_not_found", "There is no such run.");
  },

  read(lab, run, request) {
    run.reads += 1;
    if (isEnded(run.status)) run.endReads += 1;
    const body = JSON.stringify(lab.behaviour.view(run, lab));
    const headers = lab.behaviour.readHeaders(run, body);
    const unchanged =
      headers["ETag"] !== undefined && request.headers["if-none-match"] === headers["ETag"];
    return unchanged
      ? { status: 304, headers, body: null }
      : { status: 200, headers: { "Content-Type": "application/json", ...headers }, body };
  },

  view(run) {
    const done = run.status === "done";
    return {
      run_id: run.id,
      status: run.status,
      progress: run.progress,
      step: run.step,
      output_url: done ? `/workspace/${run.file}` : null,
      error: run.status === "error" ? run.error : null,
      scene_candidate: done ? { workspace_path: run.file } : null,
    };
  },

  readHeaders: (run, body) => ({
    ETag: `"${sha256(Buffer.from(body)).slice(0, 16)}"`,
    "Cache-Control": "no-cache",
    ...(isEnded(run.status) ? {} : { "Retry-After": "1" }),
  }),

  cancel(lab, run) {
    run.cancels += 1;
    if (!isEnded(run.status)) lab.behaviour.stop(lab, run);
    return lab.behaviour.cancelled(run);
  },

  stop(_lab, run) {
    change(run, { status: "cancelled" });
    run.stop.abort();
  },

  cancelled: (run) =>
    json(200, {
      run_id: run.id,
      status: run.status,
      cancelled: run.status === "cancelled",
    }),

  restart(lab) {
    for (const run of active(lab)) {
      change(run, { status: "error", error: "The server was restarted." });
      run.stop.abort();
    }
  },

  file(lab, path, request) {
    const bytes = lab.files.get(path);
    if (!bytes) return refuse("file_not_found", "There is no such file.");
    const headers = {
      "Content-Type": "model/gltf-binary",
      "Accept-Ranges": "bytes",
      "X-Content-Type-Options": "nosniff",
      ETag: `"${sha256(bytes).slice(0, 16)}"`,
    };
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined || to === undefined) return { status: 200, headers, body: bytes };
    const last = Math.min(Number(to), bytes.length - 1);
    return {
      status: 206,
      headers: { ...headers, "Content-Range": `bytes ${from}-${last}/${bytes.length}` },
      body: bytes.subarray(Number(from), last + 1),
    };
  },

  otherMethod: (_lab, _request, allowed) =>
    refuse("method_not_allowed", "This route has no such method.", { Allow: allowed }),

  otherRoute({ method, path }) {
    if (method === "GET" && path === "/health")
      return json(200, { status: "ok", version: "1.0.0", workflow_runs: "1.0" });
    if (method === "GET" && path === "/model/all") return json(200, MODELS.map(describe));
    return refuse("route_not_found", "There is no such route.");
  },
};

/** A model as `GET /model/all` tells it. */
function describe({ id }: Model) {
  return {
    id,
    name: id,
    description: "A generator that only pretends.",
    version: "1.0.0",
    vram_gb: 0,
    hf_repo: null,
    tags: [],
    downloaded: true,
    loaded: true,
    active: false,
  };
}

/** The text of a part, or undefined. */
export function textOf(parts: readonly Part[], name: string): string | undefined {
  return parts.find((part) => part.name === name && !part.file)?.bytes.toString("utf8");
}

/** The SHA-256 of some bytes, in hex. */
export function sha256(...bytes: readonly Buffer[]): string {
  const hash = createHash("sha256");
  for (const piece of bytes) hash.update(piece);
  return hash.digest("hex");
}

function numberOf(run: StoredRun, key: string): number | undefined {
  const value = Object.hasOwn(run.params, key) ? run.params[key] : undefined;
  return typeof value === "number" ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How deep brackets nest in a JSON text; counts also those in strings, which is on the safe side. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
