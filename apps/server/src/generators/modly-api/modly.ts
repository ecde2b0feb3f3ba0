import { createWriteStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import { Model, ParamSpec } from "@modly-runs/contract/companion";
import { RUN_STATUSES } from "@modly-runs/contract";
import { z } from "zod";

import { INSTANCE_HEADER } from "../../instance.ts";
import { depthOf } from "../../json-depth.ts";
import { exchange } from "./exchange.ts";
import { sentence } from "./sentence.ts";
import type { Times } from "./times.ts";

/** A job as Modly reports it: `progress` may be a fraction, fall, or exceed 100. */
const Job = z.object({
  job_id: z.string().optional(),
  status: z.enum(RUN_STATUSES),
  progress: z.coerce.number().catch(0),
  step: z.string().nullable().catch(null),
  output_url: z.string().nullable().catch(null),
  error: z.unknown(),
});
export type Job = z.infer<typeof Job>;

/** A row of Modly's list: what is missing or odd in it must not hide the model. */
const ListedModel = Model.extend({
  name: z.string().catch(""),
  description: z.string().catch(""),
  version: z.string().catch(""),
  vram_gb: z.number().nullable().catch(null),
  hf_repo: z.string().nullable().catch(null),
  tags: z.array(z.string()).catch([]),
  downloaded: z.boolean().catch(false),
  loaded: z.boolean().catch(false),
  active: z.boolean().catch(false),
});
export type ListedModel = z.infer<typeof ListedModel>;

/**
 * What Modly made of a question.
 *
 * `refused` is an answer of Modly's own (a status and a sentence), `garbage` one that makes no sense;
 * for `unreached` and `lost` see {@link exchange}.
 */
export type Reply<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly status: number; readonly why: string }
  | { readonly kind: "garbage" | "unreached" | "lost"; readonly why: string };

export interface Submission {
  readonly image: Uint8Array;
  readonly modelId: string;
  readonly collection: string;
  readonly params: Readonly<Record<string, unknown>>;
}

interface Question {
  readonly method?: "GET" | "POST";
  readonly form?: FormData;
  /** Milliseconds. */
  readonly within?: number;
}

/** A short answer is at most this long, and this deep; more is not Modly. */
const MOST_JSON = 2 * 1024 * 1024;
const MOST_DEPTH = 32;

/** A model of ours has an id that can be sent and shown; more models than this are not looked at. */
const MODEL_ID = /^[^\p{Cc}\p{Cs}]{1,200}$/u;
const MOST_MODELS = 1000;

/** Rows that make sense, each id once: one that makes none costs nothing but itself. */
const ListedModels = z.array(z.unknown()).transform((rows) => {
  const sound = rows.slice(0, MOST_MODELS).flatMap((row) => {
    const { data } = ListedModel.safeParse(row);
    return data && MODEL_ID.test(data.id) ? [data] : [];
  });
  return [...new Map(sound.map((row) => [row.id, row])).values()];
});

/** The bytes that pictures begin with; Modly asks only that the label begins with `image/`. */
const PICTURES = [
  { type: "image/png", name: "image.png", magic: /^\x89PNG/ },
  { type: "image/jpeg", name: "image.jpg", magic: /^\xff\xd8\xff/ },
  { type: "image/webp", name: "image.webp", magic: /^RIFF....WEBP/s },
  { type: "image/unknown", name: "image", magic: /^/ },
] as const;

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_JSON) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Passes bytes on, so many and no more. */
function atMost(most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= most) done(null, chunk);
      else done(new TooLarge());
    },
  });
}

/** What Modly sends is more than we take. To ask again would bring the same. */
class TooLarge extends Error {}

function asJson(text: string): unknown {
  try {
    return depthOf(text) > MOST_DEPTH ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** `detail` is a sentence, or FastAPI's array of findings. */
function detailOf(body: unknown, status: number): string {
  const { success, data } = z.object({ detail: z.unknown() }).safeParse(body);
  if (!success || data.detail === undefined) return `status ${status}`;
  const findings = z.array(z.object({ loc: z.array(z.unknown()), msg: z.string() }));
  const { data: list } = findings.safeParse(data.detail);
  return sentence(
    list ? list.map(({ loc, msg }) => `${String(loc.at(-1))}: ${msg}`).join("; ") : data.detail,
  );
}

export interface ModlyOptions {
  readonly url: string;
  readonly token?: string;
  readonly times: Times;
  /** The largest mesh that is fetched, bytes. */
  readonly maxMeshBytes: number;
  /** Says who asks, so that a server which is pointed at itself finds out. */
  readonly instance: string;
  /** Ends every exchange under way. */
  readonly closing: AbortSignal;
}

/** Modly's routes, as questions with typed replies. Knows HTTP and shapes, decides nothing. */
export function createModly({ url, token, times, maxMeshBytes, instance, closing }: ModlyOptions) {
  const base = url.replace(/\/+$/, "");
  const authorization = {
    [INSTANCE_HEADER]: instance,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };

  async function ask<T>(
    path: string,
    shape: z.ZodType<T, z.ZodTypeDef, unknown>,
    { method = "GET", form, within = times.answer }: Question = {},
  ): Promise<Reply<T>> {
    const encoded = form && new Response(form);
    const type = encoded?.headers.get("content-type");
    const reply = await exchange(
      new URL(base + path),
      {
        method,
        headers: {
          accept: "application/json",
          ...authorization,
          ...(type && { "content-type": type }),
        },
        ...(encoded && { body: new Uint8Array(await encoded.arrayBuffer()) }),
        connect: times.connect,
        within,
        signal: closing,
      },
      readText,
    );
    return reply.kind === "answer" ? judge(reply.status, reply.value, shape) : reply;
  }

  function judge<T>(
    status: number,
    text: string,
    shape: z.ZodType<T, z.ZodTypeDef, unknown>,
  ): Reply<T> {
    const body = asJson(text);
    if (status < 200 || status > 299) {
      // A 404 that is not Modly's own JSON comes from somebody else on this port.
      if (body === undefined && status < 500) return { kind: "garbage", why: `status ${status}` };
      return { kind: "refused", status, why: detailOf(body, status) };
    }
    const { success, data } = shape.safeParse(body);
    return success ? { kind: "ok", value: data } : { kind: "garbage", why: "an unexpected body" };
  }

  return {
    async models(): Promise<Reply<ListedModel[]>> {
      return ask("/model/all", ListedModels);
    },

    async params(modelId: string): Promise<Reply<ParamSpec[]>> {
      return ask(`/model/params?model_id=${encodeURIComponent(modelId)}`, z.array(ParamSpec));
    },

    /** The id of the job. Never send a submission again unless the reply is `unreached`. */
    async submit({ image, modelId, collection, params }: Submission): Promise<Reply<string>> {
      const start = Buffer.from(image.subarray(0, 16)).toString("latin1");
      const { type, name } = PICTURES.find(({ magic }) => magic.test(start)) ?? PICTURES[0];
      const form = new FormData();
      form.set("model_id", modelId);
      form.set("collection", collection);
      form.set("params", JSON.stringify(params));
      form.set("image", new Blob([new Uint8Array(image)], { type }), name);
      const id = z.object({ job_id: z.string().min(1) }).transform(({ job_id }) => job_id);
      return ask("/generate/from-image", id, { method: "POST", form, within: times.submission });
    },

    async job(id: string): Promise<Reply<Job>> {
      const mine = Job.refine(({ job_id }) => job_id === undefined || job_id === id);
      return ask(`/generate/status/${encodeURIComponent(id)}`, mine);
    },

    /** Says nothing of use: Modly answers `{"cancelled": true}` to everything. */
    async cancel(id: string): Promise<Reply<unknown>> {
      return ask(`/generate/cancel/${encodeURIComponent(id)}`, z.unknown(), { method: "POST" });
    },

    /** Fetches a file of Modly's workspace; the value is its size in bytes. */
    async download(path: string, file: string, signal: AbortSignal): Promise<Reply<number>> {
      const escaped = path.split("/").map(encodeURIComponent).join("/");
      const reply = await exchange(
        new URL(`${base}/workspace/${escaped}`),
        {
          method: "GET",
          headers: authorization,
          connect: times.connect,
          within: times.download,
          signal: AbortSignal.any([closing, signal]),
        },
        async (response) => {
          if (response.statusCode !== 200) return { text: await readText(response), size: 0 };
          const announced = Number(response.headers["content-length"] ?? 0);
          if (announced > maxMeshBytes) return { text: "", size: announced };
          const sink = createWriteStream(file);
          try {
            await pipeline(response, atMost(maxMeshBytes), sink);
          } catch (cause) {
            if (cause instanceof TooLarge) return { text: "", size: maxMeshBytes + 1 };
            throw cause;
          }
          return { text: "", size: sink.bytesWritten };
        },
      );
      if (reply.kind !== "answer") return reply;
      if (reply.status === 200 && reply.value.size > maxMeshBytes)
        return {
          kind: "refused",
          status: 413,
          why: `it is larger than ${maxMeshBytes / 1024 ** 2} MiB`,
        };
      if (reply.status === 200) return { kind: "ok", value: reply.value.size };
      return {
        kind: "refused",
        status: reply.status,
        why: detailOf(asJson(reply.value.text), reply.status),
      };
    },
  };
}

export type Modly = ReturnType<typeof createModly>;
