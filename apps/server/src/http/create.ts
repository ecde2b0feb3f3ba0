import { createHash } from "node:crypto";

import type { CreateFields } from "@modly-runs/contract";
import type { Request, RequestHandler, Response } from "express";

import type { Limits } from "../config.ts";
import type { Uploads } from "../files/run-files.ts";
import type { Registry } from "../generators/registry.ts";
import { depthOf } from "../json-depth.ts";
import { isStoreAway } from "../out-of-room.ts";
import { inspectPicture } from "../pictures/inspect.ts";
import { canonical, checkParams } from "../runs/params.ts";
import type { CreateResult, Runs } from "../runs/runs.ts";
import { cutOff, refusal, refuse, sentenceOfErrors } from "./problems.ts";
import { createUploadPlaces } from "./upload-places.ts";
import { takeUpload, uploadOf, watchArrival } from "./upload.ts";

export interface CreateDeps {
  readonly runs: Runs;
  readonly registry: Registry;
  readonly uploads: Uploads;
  readonly limits: Limits;
}

const QUEUE_FULL = "The queue is full. Nothing was created; try again later.";
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Refuses before the body is read what can be known before it, and counts the uploads under way. */
export function admit({ runs, limits }: CreateDeps, isStopping: () => boolean): RequestHandler {
  const places = createUploadPlaces(limits.maxUploads);
  const keysInUse = new Set<string>();

  return (req, res, next) => {
    const key = req.get("idempotency-key");
    if (isStopping())
      return refuse(res, "stopping", "The server is stopping. Try again when it is back.");
    if (key !== undefined && !KEY.test(key))
      return refuse(
        res,
        "invalid_field",
        "Idempotency-Key must be 1 to 255 visible ASCII characters.",
        [{ field: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters" }],
      );
    if (key !== undefined && keysInUse.has(key))
      return refuse(
        res,
        "create_in_progress",
        "A create with this Idempotency-Key is still under way. Ask again in a moment.",
      );
    const place = places.take({
      address: req.socket.remoteAddress ?? "",
      end: () => cutOff(res, "request_timeout", "The picture arrives too slowly. Send it again."),
    });
    if (!place)
      return refuse(
        res,
        "too_many_uploads",
        `As many uploads as are allowed (${limits.maxUploads}, for one address half of it) are under way already. Try again later.`,
      );
    watchArrival(res, place.arrived);
    if (key !== undefined) keysInUse.add(key);
    res.once("close", () => {
      place.leave();
      if (key !== undefined) keysInUse.delete(key);
    });
    runs.isFull().then((full) => {
      // A repeated create is no new run, so a full queue must not refuse it.
      if (full && key === undefined) refuse(res, "queue_full", QUEUE_FULL);
      else next();
    }, next);
  };
}

type Params = { ok: true; value: Record<string, unknown> } | { ok: false; why: string };

function readParams(text: string, maxDepth: number): Params {
  if (depthOf(text) > maxDepth)
    return { ok: false, why: `is nested deeper than ${maxDepth} levels` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, why: "is not JSON" };
  }
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? { ok: true, value: value as Record<string, unknown> }
    : { ok: false, why: "must be a JSON object" };
}

/** What makes two creates the same: not the file's name, not the order of parts or keys. */
function digestOf(sha256: string, fields: CreateFields, params: unknown): string {
  const parts = [sha256, fields.model_id, fields.collection, canonical(params)];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Checks what came with a create, and creates the run. */
export function createHandler({ runs, registry, uploads, limits }: CreateDeps) {
  return async ({ req, res, body }: { req: Request; res: Response; body: CreateFields }) => {
    const upload = uploadOf(res);
    if (!upload)
      return refusal(
        req,
        "missing_field",
        "The picture is missing: send it as a file in the part image.",
        [{ field: "image", message: "is missing" }],
      );
    if (upload.bytes === 0)
      return refusal(req, "unreadable_image", "The picture is empty: it has 0 bytes.", [
        { field: "image", message: "is empty" },
      ]);

    const given = readParams(body.params, limits.maxParamsDepth);
    if (!given.ok)
      return refusal(req, "invalid_params", `params ${given.why}.`, [
        { field: "params", message: given.why },
      ]);
    const key = req.get("idempotency-key");
    const idempotency = key ? { key, digest: digestOf(upload.sha256, body, given.value) } : null;

    const generators = await registry.list();
    const answer = (result: CreateResult) => {
      switch (result.kind) {
        case "created":
        case "repeated":
          // A repeated create is answered like the first.
          res.setHeader("Location", `/workflow-runs/${result.runId}`);
          return {
            status: 200 as const,
            body: { run_id: result.runId, status: "pending" as const },
          };
        case "mismatch":
          return refusal(
            req,
            "idempotency_mismatch",
            "This Idempotency-Key was used for another create. Take a new key.",
          );
        case "full":
          return refusal(req, "queue_full", QUEUE_FULL);
        case "unknown_model": {
          const known = generators.map(({ descriptor }) => descriptor.id).join(", ");
          const named = JSON.stringify(body.model_id.slice(0, 80));
          return refusal(req, "unknown_model", `Unknown model ID ${named}. There is ${known}.`, [
            { field: "model_id", message: "is not a model of this server" },
          ]);
        }
      }
    };
    // Before anything that may have changed since: the model may be away, the run is still here.
    const earlier = idempotency && (await runs.earlier(idempotency));
    if (earlier) return answer(earlier);

    const generator = generators.find(({ descriptor }) => descriptor.id === body.model_id);
    if (!generator) return answer({ kind: "unknown_model" });
    const checked = checkParams(given.value, generator.descriptor);
    if (!checked.ok)
      return refusal(req, "invalid_params", sentenceOfErrors(checked.errors), checked.errors);

    const fault = await inspectPicture(upload.file, limits.maxPixels);
    if (fault)
      return refusal(req, fault.code, `The picture can't be used: ${fault.why}.`, [
        { field: "image", message: fault.why },
      ]);

    if (res.closed) return refusal(req, "malformed_request", "The client went away.");

    // The run must find its picture also when the client goes away before the answer.
    takeUpload(res);
    let isKept = false;
    try {
      await uploads.keep(upload.key);
      const result = await runs.create({
        modelId: body.model_id,
        params: checked.params,
        collection: body.collection,
        upload: upload.key,
        idempotency,
      });
      isKept = result.kind === "created";
      return answer(result);
    } catch (cause) {
      // It may have been stored all the same, and a run needs its picture.
      isKept = isStoreAway(cause);
      throw cause;
    } finally {
      if (!isKept) await uploads.remove(upload.key);
    }
  };
}
