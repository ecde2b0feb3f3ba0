import { randomUUID } from "node:crypto";

import { isEnded } from "@modly-runs/contract";

import { correct, textOf } from "../behaviour.ts";
import { bodyOf, isAnswer, json, refuse } from "../http.ts";
import { count, pause } from "../lab.ts";
import { crash, instead, type Mutant } from "./mutant.ts";

/** The answer to a create: its status, its body, its id, when it comes. */
export const CREATE_ANSWERS: readonly Mutant[] = [
  {
    name: "create-without-status",
    why: "The answer holds only the id.",
    overrides: { created: (_lab, run) => json(200, { run_id: run.id }) },
    kills: ["CRE-01", "CRE-05"],
  },
  {
    name: "create-says-running",
    why: "The answer tells the state of the moment instead of the contract's word.",
    overrides: { created: (_lab, run) => json(200, { run_id: run.id, status: "running" }) },
    kills: ["CRE-05"],
  },
  {
    name: "create-as-text",
    why: "JSON is sent under the type of plain text.",
    overrides: {
      created: async (...args) => {
        const answer = await correct.created(...args);
        return { ...answer, headers: { ...answer.headers, "Content-Type": "text/plain" } };
      },
    },
    kills: ["CRE-02"],
  },
  {
    name: "id-delayed-visibility",
    why: "The first read meets a replica that has not heard of the run yet.",
    overrides: {
      read: (lab, run, request) =>
        run.model.id === "ref/fast" && count(lab, `reads of ${run.id}`) === 1
          ? refuse("run_not_found", "There is no such run.")
          : correct.read(lab, run, request),
    },
    kills: ["CRE-03", "CRE-41", "GET-30"],
  },
  {
    name: "id-with-plus",
    why: "The id is Base64 and not made safe for a path. Every schema that holds an id notices.",
    overrides: {
      newId: () => `${randomUUID()}+=`,
      find: (lab, id) => lab.runs.get(id) ?? correct.find(lab, id),
    },
    kills: ["CRE-04", "GET-01", "CAN-01"],
  },
  {
    name: "sequential-ids",
    why: "Whoever has one id knows them all.",
    overrides: { newId: (lab) => `run-${1_000_000 + count(lab, "ids")}` },
    kills: ["CRE-06"],
  },
  {
    name: "sync-create",
    why: "The answer waits for the mesh of a long run: the client's time limit hits it.",
    overrides: {
      created: async (lab, run, request) => {
        while (run.model.id === "ref/long" && !isEnded(run.status) && (await pause(lab, 5)));
        return correct.created(lab, run, request);
      },
    },
    kills: ["CRE-35", "LIF-09"],
    mayAlsoFail: ["CRE-01", "WIRE-01"].map((id) => ({
      id,
      reason: "on a busy machine the answer comes later than any answer may",
    })),
  },
  {
    name: "dedup-by-hash",
    why: "The same picture a second time is taken for a retry, without any key.",
    overrides: {
      created: async (lab, run, request) => {
        const twin = [...lab.runs.values()].find(
          (other) => other !== run && other.model === run.model && other.image.equals(run.image),
        );
        return correct.created(lab, twin ?? run, request);
      },
    },
    kills: ["CRE-36"],
    mayAlsoFail: ["CRE-52", "CRE-53"].map((id) => ({
      id,
      reason: "both send the same JPEG, and the later of the two is given the other's run",
    })),
  },
  {
    name: "slash-301",
    why: "A framework's redirect turns the POST into a GET.",
    overrides: instead(({ path }) =>
      path === "/workflow-runs/from-image/"
        ? { status: 301, headers: { Location: path.slice(0, -1) }, body: null }
        : null,
    ),
    kills: ["CRE-32"],
  },
  {
    name: "from-image-is-a-run",
    why: "The route of reads takes `from-image` for an id.",
    overrides: {
      otherMethod: (lab, request, allowed) =>
        request.path === "/workflow-runs/from-image"
          ? json(200, { run_id: "from-image", status: "pending" })
          : correct.otherMethod(lab, request, allowed),
    },
    kills: ["CRE-31"],
  },
  {
    name: "405-without-allow",
    why: "The refusal does not say which method there is.",
    overrides: {
      otherMethod: () => refuse("method_not_allowed", "This route has no such method."),
    },
    kills: ["CRE-40"],
  },
  {
    name: "chunked-refused",
    why: "The server insists on Content-Length, which proxies take away.",
    overrides: {
      create: async (lab, request) =>
        request.headers["transfer-encoding"]
          ? refuse("malformed_request", "Send a Content-Length.")
          : correct.create(lab, request),
    },
    kills: ["CRE-38"],
  },
  {
    name: "expect-drops",
    why: "A question whether to go on closes the connection.",
    overrides: { expectContinue: (response) => response.socket?.destroy() },
    // A dropped connection is no answer to a well-formed request.
    kills: ["CRE-39", "WIRE-01"],
  },
  {
    name: "reject-leaks-slot",
    why: "Each refused create keeps something; after 25 in a row the next run never starts.",
    overrides: {
      create: async (lab, request) => {
        const answer = await correct.create(lab, request);
        if (answer.status >= 400) count(lab, "leaked");
        return answer;
      },
      accept: (lab, run) => {
        const leaked = lab.counters.get("leaked") ?? 0;
        lab.counters.set("leaked", 0);
        if (leaked < 25) return correct.accept(lab, run);
        lab.runs.set(run.id, run);
      },
    },
    kills: ["CRE-33"],
  },
  {
    name: "json-create-accepted",
    why: "A JSON body without any picture is taken for a create.",
    overrides: {
      create: async (lab, request) =>
        /json/.test(request.headers["content-type"] ?? "")
          ? json(200, { run_id: randomUUID(), status: "pending" })
          : correct.create(lab, request),
    },
    kills: ["CRE-27"],
  },
  {
    name: "no-boundary-hangs",
    why: "The parser waits for a boundary that was never named.",
    overrides: {
      create: async (lab, request) =>
        isAnswer(correct.boundary(request)) &&
        /multipart/.test(request.headers["content-type"] ?? "")
          ? new Promise(() => {})
          : correct.create(lab, request),
    },
    // Raw bytes that are no form are not WIRE-01's: it asks only for answers to well-formed requests.
    kills: ["CRE-28"],
  },
  {
    name: "cut-form-hangs",
    why: "The parser waits for a last boundary that never comes.",
    overrides: {
      parts: (body, boundary) => {
        const parts = correct.parts(body, boundary);
        const cut = isAnswer(parts) && /stops/.test(String(bodyOf(parts)["detail"]));
        return cut ? new Promise(() => {}) : parts;
      },
    },
    kills: ["CRE-28"],
  },
];

/** The parts of a create: which are there, in which order, what they hold. */
export const CREATE_FIELDS: readonly Mutant[] = [
  {
    name: "params-required",
    why: "`params` has no default.",
    overrides: {
      params: (parts, lab) =>
        textOf(parts, "params") === undefined
          ? refuse("missing_field", "The part `params` is missing.")
          : correct.params(parts, lab),
    },
    kills: ["CRE-09"],
  },
  {
    name: "model-missing-500",
    why: "Nobody asked whether `model_id` is there.",
    overrides: {
      model: (parts) => (textOf(parts, "model_id") === undefined ? crash() : correct.model(parts)),
    },
    kills: ["CRE-10", "WIRE-01"],
  },
  {
    name: "file-first-loses-fields",
    why: "A streaming parser runs the handler at the file and misses the fields after it.",
    overrides: {
      parts: async (body, boundary) => {
        const parts = await correct.parts(body, boundary);
        if (isAnswer(parts)) return parts;
        const file = parts.findIndex((part) => part.file);
        return file < 0 ? parts : parts.slice(0, file + 1);
      },
    },
    kills: ["CRE-11"],
  },
  {
    name: "unknown-model-default",
    why: "A name that nobody knows becomes the default model.",
    overrides: {
      model: (parts) => {
        const model = correct.model(parts);
        const known =
          !isAnswer(model) ||
          !textOf(parts, "model_id") ||
          (textOf(parts, "model_id")?.length ?? 0) > 1_000;
        return known ? model : correct.model([text("model_id", "ref/fast")]);
      },
    },
    kills: ["CRE-20"],
  },
  {
    name: "long-model-id-500",
    why: "The name goes into a column that is too short.",
    overrides: {
      model: (parts) =>
        (textOf(parts, "model_id")?.length ?? 0) > 1_000 ? crash() : correct.model(parts),
    },
    kills: ["CRE-21", "WIRE-01"],
  },
  {
    name: "params-bad-json-default",
    why: "Broken JSON is silently an empty object, as in the existing backend.",
    overrides: {
      params: (parts, lab) => (parsed(parts) === undefined ? {} : correct.params(parts, lab)),
    },
    kills: ["CRE-22"],
  },
  {
    name: "params-array-500",
    why: "JSON that is no object reaches code that reads keys, as in the existing backend.",
    overrides: {
      params: (parts, lab) => (notAnObject(parsed(parts)) ? crash() : correct.params(parts, lab)),
    },
    kills: ["CRE-23", "WIRE-01"],
  },
  {
    name: "params-null-default",
    why: "`null` is silently an empty object.",
    overrides: {
      params: (parts, lab) => (parsed(parts) === null ? {} : correct.params(parts, lab)),
    },
    kills: ["CRE-23"],
  },
  {
    name: "unknown-param-500",
    why: "A key that the model does not declare is looked up and not found.",
    overrides: {
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        const odd = Object.keys(params).filter((key) => !KNOWN_PARAMS.has(key));
        return !isAnswer(params) && odd.length > 0 ? crash() : params;
      },
    },
    kills: ["CRE-24", "WIRE-01", "CRE-44"],
  },
  {
    name: "proto-key-500",
    why: "A key named like the prototype's breaks a merge.",
    overrides: {
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        return Object.hasOwn(params, "__proto__") ? crash() : params;
      },
    },
    kills: ["CRE-25", "WIRE-01"],
  },
  {
    name: "proto-pollution",
    why: "A key named like the prototype's changes what the next request gets.",
    overrides: {
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        if (Object.hasOwn(params, "__proto__")) lab.counters.set("polluted", 1);
        else if (
          !isAnswer(params) &&
          lab.counters.get("polluted") &&
          Object.keys(params).length === 0
        ) {
          lab.counters.delete("polluted");
          return refuse("invalid_params", "params.polluted is not known.");
        }
        return params;
      },
    },
    kills: ["CRE-25"],
  },
  {
    name: "deep-params-500",
    why: "Nesting overflows the stack.",
    overrides: {
      params: (parts, lab) =>
        /[[{"a:]{1000}/.test(textOf(parts, "params") ?? "") ? crash() : correct.params(parts, lab),
    },
    kills: ["CRE-26", "WIRE-01"],
  },
  {
    name: "two-images-500",
    why: "Where one picture was due, there is a list.",
    overrides: {
      fileFault: (parts) =>
        parts.filter((part) => part.file && part.name === "image").length > 1
          ? crash()
          : correct.fileFault(parts),
    },
    kills: ["CRE-29", "WIRE-01"],
  },
  {
    name: "extra-file-500",
    why: "The parser's error for an unexpected file has no status of its own.",
    overrides: {
      fileFault: (parts) =>
        parts.some((part) => part.file && part.name !== "image")
          ? crash()
          : correct.fileFault(parts),
    },
    kills: ["CRE-30", "WIRE-01"],
  },
  {
    name: "odd-filename-500",
    why: "The name of the file is put to use, whatever it is.",
    overrides: {
      fileFault: (parts) =>
        parts.some((part) => part.disposition.length > 1_000) ? crash() : correct.fileFault(parts),
    },
    kills: ["CRE-37", "WIRE-01"],
  },
];

const KNOWN_PARAMS = new Set(["steps", "step_ms", "__proto__", "constructor", "prototype"]);

function text(name: string, value: string) {
  return { name, file: false, disposition: "", type: null, bytes: Buffer.from(value) };
}

/** The JSON of `params`; undefined when it is none. */
function parsed(parts: Parameters<typeof textOf>[0]): unknown {
  try {
    return JSON.parse(textOf(parts, "params") ?? "{}");
  } catch {
    return undefined;
  }
}

function notAnObject(value: unknown): boolean {
  return (
    value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))
  );
}
