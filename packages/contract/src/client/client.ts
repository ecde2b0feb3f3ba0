import { z } from "zod";

import { workflowRunsContract } from "../routes.ts";
import { CancelAnswer, Run, RunId } from "../run.ts";
import { call, type Wire } from "./connection.ts";
import { exportMesh, fetchMesh, intoStream, type Sink } from "./download.ts";
import { type Image, labelled } from "./image.ts";
import { type Outcome, succeed } from "./outcome.ts";
import { type ListedModel, ListedModels, ModelParams, type ModelParam } from "./models.ts";
import { type Finished, runToEnd, type RunOptions } from "./whole-run.ts";
import { watchRun, type WatchOptions } from "./watch.ts";

/** Where the server is. */
export interface ClientOptions {
  /** For example `http://127.0.0.1:8765`; a path in front of the routes is fine. */
  baseUrl: string;
  /** Sent as `Authorization: Bearer`. */
  token?: string | undefined;
  /** In place of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** A run to start. */
export interface CreateOptions {
  /** The path of a file (Node only), or the picture's bytes. */
  image: Image;
  modelId: string;
  /** The model's parameters; `{}` if left out. */
  params?: Readonly<Record<string, unknown>> | undefined;
  /** The folder of the workspace that the mesh goes to; the server's default if left out. */
  collection?: string | undefined;
  /** The same key and the same request give the same run, however often it is sent. */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What each call takes beside its subject. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** The answer to a create, as far as a client relies on it. */
export type Created = z.infer<typeof Created>;
const Created = z.object({ run_id: RunId }).passthrough();

/** A server of runs. Only the calls that say so ask more of it than the three endpoints and the mesh. */
export interface Client {
  /** Starts a run. */
  create(options: CreateOptions): Promise<Outcome<Created>>;
  /** Reads a run. */
  get(runId: string, options?: CallOptions): Promise<Outcome<Run>>;
  /** Asks for a run to stop. Of a run that has ended it only tells how. */
  cancel(runId: string, options?: CallOptions): Promise<Outcome<CancelAnswer>>;
  /**
   * Follows a run to its end: the run as it is, then each change. The last item is the ended run or a
   * failure.
   *
   * Streams if the server can, else long polls, else polls with growing pauses. Lives through restarts of
   * the server and dropped connections of up to `patience` milliseconds.
   */
  watch(runId: string, options?: WatchOptions): AsyncIterable<Outcome<Run>>;
  /**
   * Fetches the mesh of a run that is done. A path gets the whole file or is left as it was, and a download that was
   * cut off, also by the end of the process, is taken up by the next one; a stream is closed at the end and aborted on
   * failure. Binary glTF is checked for its magic word and its length.
   */
  download(
    run: Run,
    to: string | WritableStream<Uint8Array>,
    options?: CallOptions,
  ): Promise<Outcome<{ bytes: number }>>;
  /**
   * The whole way in one call: creates a run, follows it to its end and fetches the mesh, into `to` or into memory.
   * A run that fails or is cancelled is a failure; `runId` is in every failure after the create.
   */
  run(options: RunOptions): Promise<Outcome<Finished>>;
  /** The server's models. Beside the contract: a server need not list them, and then this is `not_found`. */
  models(options?: CallOptions): Promise<Outcome<ListedModel[]>>;
  /** The parameters of a model, with their types, ranges and defaults. Beside the contract, as `models` is. */
  params(modelId: string, options?: CallOptions): Promise<Outcome<ModelParam[]>>;
  /** The mesh of a run that is done in another format. Beside the contract, as `models` is. */
  export(
    run: Run,
    to: string | WritableStream<Uint8Array>,
    options: ExportOptions,
  ): Promise<Outcome<{ bytes: number }>>;
}

/** How a mesh is exported. */
export interface ExportOptions extends CallOptions {
  /** `glb`, `obj`, `stl`, `ply` or `3mf`, as far as the server has them. */
  format: string;
  /** Millimetres of the longest side, for formats that are printed; 100 if left out. */
  sizeMm?: number | undefined;
}

/** Milliseconds that a plain answer may take. */
const ANSWER = 30_000;
/** Milliseconds that a create may take: the upload is in it. */
const UPLOAD = 300_000;

/**
 * A client for any server that has the three endpoints and `/workspace`.
 *
 * @throws TypeError if `baseUrl` is not an http(s) URL.
 *
 * @example
 * ```ts
 * const client = createClient({ baseUrl: "http://127.0.0.1:8765" });
 * const created = await client.create({ image: "duck.png", modelId: "builtin/auto" });
 * if (!created.ok) throw new Error(created.failure.message);
 * for await (const seen of client.watch(created.value.run_id)) {
 *   if (!seen.ok) throw new Error(seen.failure.message);
 *   if (seen.value.status === "done") await client.download(seen.value, "duck.glb");
 * }
 * ```
 */
export function createClient({ baseUrl, token, fetch = globalThis.fetch }: ClientOptions): Client {
  const wire: Wire = { baseUrl: plainUrl(baseUrl), token, fetch: (...ask) => fetch(...ask) };

  const client: Client = {
    async create({ image, modelId, params, collection, idempotencyKey, signal }) {
      const picture = await pictureOf(image);
      if (!picture.ok) return picture;
      const body = new FormData();
      body.set("model_id", modelId);
      if (params !== undefined) body.set("params", JSON.stringify(params));
      if (collection !== undefined) body.set("collection", collection);
      body.set("image", picture.value.blob, picture.value.name);
      const headers = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
      const { method, path } = workflowRunsContract.create;
      return call(wire, { method, path, headers, body, signal, silence: UPLOAD }, Created);
    },

    get: (runId, { signal } = {}) =>
      call(wire, { path: pathOf("get", runId), signal, silence: ANSWER }, Run),

    cancel: (runId, { signal } = {}) =>
      call(
        wire,
        { method: "POST", path: pathOf("cancel", runId), signal, silence: ANSWER },
        CancelAnswer,
      ),

    watch: (runId, options) => watchRun(wire, pathOf("get", runId), options),

    download: (run, to, { signal } = {}) => save(to, (sink) => fetchMesh(wire, run, sink, signal)),

    run: (options) => runToEnd(client, options),

    models: ({ signal } = {}) =>
      call(wire, { path: "/model/all", signal, silence: ANSWER }, ListedModels),

    params: (modelId, { signal } = {}) =>
      call(
        wire,
        {
          path: `/model/params?model_id=${encodeURIComponent(modelId)}`,
          signal,
          silence: ANSWER,
        },
        ModelParams,
      ),

    export: (run, to, { format, sizeMm, signal }) =>
      save(to, (sink) => exportMesh(wire, run, sink, { format, sizeMm, signal })),
  };
  return client;
}

async function save<T>(
  to: string | WritableStream<Uint8Array>,
  fill: (sink: Sink) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (typeof to !== "string") return intoStream(to, fill);
  const { saveWhole } = await import("#files");
  return saveWhole(to, fill);
}

async function pictureOf(image: Image): Promise<Outcome<{ blob: Blob; name: string }>> {
  if (typeof image === "string") {
    const { openPicture } = await import("#files");
    const opened = await openPicture(image);
    if (!opened.ok) return opened;
    return succeed({ blob: await labelled(opened.value.blob), name: opened.value.name });
  }
  // Copied, because bytes that somebody else can still change are no Blob.
  const blob = await labelled(image instanceof Blob ? image : new Blob([new Uint8Array(image)]));
  return succeed({ blob, name: "name" in image ? String(image.name) : "image" });
}

function plainUrl(baseUrl: string): string {
  const { protocol, username, password, origin, pathname } = new URL(baseUrl);
  if (!/^https?:$/.test(protocol)) throw new TypeError(`${baseUrl} is not an http or https URL`);
  if (username || password) throw new TypeError("A URL with a password in it can't be fetched");
  return origin + pathname.replace(/\/+$/, "");
}

function pathOf(route: "get" | "cancel", runId: string): string {
  return workflowRunsContract[route].path.replace(":run_id", encodeURIComponent(runId));
}
