import { isEnded } from "@modly-runs/contract";

import { correct } from "../behaviour.ts";
import { json, refuse } from "../http.ts";
import { count } from "../lab.ts";
import { crash, instead, type Mutant, page, shown, shownWhen } from "./mutant.ts";

/** The body of a read: its keys and what each status says of them. */
export const READ_BODIES: readonly Mutant[] = [
  {
    name: "missing-null-keys",
    why: "A serialiser leaves out what is null.",
    overrides: shown((run) => (run.status === "error" ? {} : { error: undefined })),
    // What is missing is not null, so each row that asks for a null here notices.
    kills: ["GET-01", "GET-05", "GET-07", "GET-08", "GET-15"],
  },
  {
    name: "other-run-id-echo",
    why: "The body names another run than the path.",
    overrides: shown((run) => ({ run_id: run.id.split("").toReversed().join("") })),
    kills: ["GET-02", "CRE-41", "GET-30"],
  },
  {
    name: "sixth-word",
    why: "A word for a while that no client waits through.",
    overrides: shownWhen("running", (run) =>
      run.progress >= 40 && run.progress < 70 ? { status: "processing" } : {},
    ),
    kills: ["GET-01", "GET-03"],
  },
  {
    name: "progress-string",
    why: "A number in quotes.",
    overrides: shownWhen("running", (run) => ({ progress: String(run.progress) })),
    kills: ["GET-01", "GET-04"],
  },
  {
    name: "progress-float",
    why: "A fraction where whole percent were due.",
    overrides: shownWhen("running", (run) => ({ progress: Math.max(0, run.progress - 0.5) })),
    kills: ["GET-01", "GET-04"],
  },
  {
    name: "progress-over-100",
    why: "The generator's own number goes out unchecked, as in the existing backend.",
    overrides: shown((run) => (run.model.id === "ref/long" ? { progress: 250 } : {})),
    kills: ["GET-01", "GET-04"],
  },
  {
    name: "pending-has-error",
    why: "A note about the queue is put where failures are told.",
    overrides: shownWhen("pending", () => ({ error: "Waiting for a slot." })),
    kills: ["GET-01", "GET-05"],
  },
  {
    name: "pending-progress",
    why: "Waiting counts as progress.",
    overrides: shown((run) => ({ progress: Math.max(run.progress, 1) })),
    kills: ["GET-06"],
  },
  {
    name: "early-output-url",
    why: "The address is told before there is a file.",
    overrides: shownWhen("running", (run) => ({
      output_url: `/workspace/${correct.outputPath(run)}`,
    })),
    kills: ["GET-01", "GET-07"],
  },
  {
    name: "running-has-error",
    why: "A warning of the generator is put where failures are told.",
    overrides: shownWhen("running", () => ({ error: "Low memory." })),
    kills: ["GET-01", "GET-07"],
  },
  {
    name: "done-has-error",
    why: "A warning about the mesh is put where failures are told.",
    overrides: shownWhen("done", () => ({ error: "2 faces were dropped." })),
    kills: ["GET-01", "GET-08"],
  },
  {
    name: "done-at-99",
    why: "The last report of the generator stays.",
    overrides: shownWhen("done", () => ({ progress: 99 })),
    kills: ["GET-01", "GET-09"],
  },
  {
    name: "100-before-done",
    why: "The bar is full while the mesh is still being written.",
    overrides: shown((run) => (run.progress > 60 ? { progress: 100 } : {})),
    kills: ["GET-10"],
  },
  {
    name: "scene-null-on-done",
    why: "Done, and nothing to add to a scene.",
    overrides: shownWhen("done", () => ({ scene_candidate: null })),
    kills: ["GET-01", "GET-11"],
  },
  {
    name: "scene-while-running",
    why: "A candidate is offered before there is a mesh.",
    overrides: shownWhen("running", (run) => ({
      scene_candidate: { workspace_path: correct.outputPath(run) },
    })),
    kills: ["GET-01", "GET-07", "GET-11"],
  },
  {
    name: "workspace-path-with-prefix",
    why: "The path repeats the prefix of the address.",
    overrides: shownWhen("done", (run) => ({
      scene_candidate: { workspace_path: `/workspace/${run.file}` },
    })),
    kills: ["GET-12"],
  },
  {
    name: "error-null-on-error",
    why: "A failure without a reason.",
    overrides: shownWhen("error", () => ({ error: null })),
    kills: ["GET-01", "GET-13", "LIF-08"],
  },
  {
    name: "error-empty",
    why: "An exception without a message is told as it is.",
    overrides: shownWhen("error", () => ({ error: "" })),
    kills: ["GET-01", "GET-13", "LIF-08"],
  },
  {
    name: "error-with-output",
    why: "The address of the mesh that never came stays in the body.",
    overrides: shownWhen("error", (run) => ({
      output_url: `/workspace/${correct.outputPath(run)}`,
    })),
    kills: ["GET-01", "GET-13"],
  },
  {
    name: "cancelled-with-scene",
    why: "A cancelled run still offers a candidate.",
    overrides: shownWhen("cancelled", (run) => ({
      scene_candidate: { workspace_path: correct.outputPath(run) },
    })),
    kills: ["GET-01", "GET-11", "GET-14"],
  },
  {
    name: "cancelled-with-output",
    why: "A cancelled run keeps its half-made mesh, and shows it.",
    overrides: {
      ...shownWhen("cancelled", (run) => ({ output_url: `/workspace/${correct.outputPath(run)}` })),
      stop: (lab, run) => {
        lab.files.set(correct.outputPath(run), correct.mesh(run));
        correct.stop(lab, run);
      },
    },
    // CAN-12 wants fields that fit the end which it brought about.
    kills: ["GET-01", "GET-14", "CAN-12", "CAN-22"],
  },
  {
    name: "cancel-reports-error-text",
    why: "The exception that ends the generator is told as a failure.",
    overrides: shownWhen("cancelled", () => ({ error: "GenerationCancelled" })),
    kills: ["GET-15"],
  },
  {
    name: "empty-step",
    why: "A step without a word.",
    overrides: shownWhen("running", () => ({ step: "" })),
    kills: ["GET-16"],
  },
  {
    name: "long-step",
    why: "The log of the generator is put into the step.",
    overrides: shownWhen("running", () => ({ step: "Loading. ".repeat(100) })),
    kills: ["GET-16"],
  },
];

/** A read as HTTP: which ids, which methods, which headers. */
export const READ_HTTP: readonly Mutant[] = [
  {
    name: "404-as-html",
    why: "The framework's own page for what is not there.",
    overrides: {
      find: (lab, id) => {
        const run = correct.find(lab, id);
        return "id" in run || run.status !== 404 ? run : page(404);
      },
    },
    kills: ["GET-17", "CAN-09", "WIRE-01"],
  },
  {
    name: "unknown-run-500",
    why: "What is not in the table is read anyway.",
    overrides: instead(({ path, method }, lab) => {
      const id = /^\/workflow-runs\/([\w-]{20,128})$/.exec(path)?.[1];
      return id && method === "GET" && !lab.runs.has(id) ? crash() : null;
    }),
    // GET-24 asks for an id that is one letter too long: unknown too.
    kills: ["GET-17", "GET-24", "WIRE-01"],
  },
  {
    name: "malformed-id-500",
    why: "What can't be decoded throws.",
    overrides: instead(({ path, method }) =>
      method === "GET" && path.startsWith("/workflow-runs/") && /%(00|ff)/i.test(path)
        ? crash()
        : null,
    ),
    kills: ["GET-18", "WIRE-01"],
  },
  {
    name: "broken-escape-500",
    why: "A path is decoded outside of every try: what is no URI throws.",
    overrides: instead(({ path }) =>
      path.startsWith("/workflow-runs/") && /%(?![\da-f]{2})/i.test(path) ? page(500) : null,
    ),
    kills: ["GET-18", "CAN-10"],
  },
  {
    name: "detail-is-an-object",
    why: "The detail of an unknown run is an object, which clients print as [object Object].",
    overrides: {
      find: (lab, id) => {
        const run = correct.find(lab, id);
        return "id" in run || run.status !== 404
          ? run
          : { ...run, body: JSON.stringify({ detail: { message: "There is no such run." } }) };
      },
    },
    kills: ["GET-17", "WIRE-01"],
  },
  {
    name: "cacheable-reads",
    why: "A cache may keep a status for a minute.",
    overrides: {
      readHeaders: (run, body) => ({
        ...correct.readHeaders(run, body),
        "Cache-Control": "max-age=60",
      }),
    },
    kills: ["GET-19"],
  },
  {
    name: "etag-constant",
    why: "The tag names the run and not its revision: clients see no change.",
    overrides: {
      readHeaders: (run, body) => ({ ...correct.readHeaders(run, body), ETag: `"${run.id}"` }),
    },
    kills: ["GET-20"],
  },
  {
    name: "head-405",
    why: "HEAD was forgotten, as in the existing backend.",
    overrides: instead(({ method, path }) =>
      method === "HEAD" && path.startsWith("/workflow-runs/")
        ? refuse("method_not_allowed", "Only GET.", { Allow: "GET" })
        : null,
    ),
    kills: ["GET-21"],
  },
  {
    name: "reads-are-counted",
    why: "Reading a run often changes it.",
    overrides: shown((run) => (run.reads > 100 ? { reads: run.reads } : {})),
    kills: ["GET-22", "LIF-04"],
    mayAlsoFail: [
      { id: "CAN-06", reason: "the hundredth read may be the one after a late cancel" },
    ],
  },
  {
    name: "html-for-browsers",
    why: "Whoever accepts HTML gets a page about the run.",
    overrides: {
      read: (lab, run, request) =>
        /text\/html/.test(request.headers.accept ?? "")
          ? page(200)
          : correct.read(lab, run, request),
    },
    kills: ["GET-23"],
  },
  {
    name: "ids-case-insensitive",
    why: "The database compares without case.",
    overrides: { find: (lab, id) => correct.find(lab, id.toLowerCase()) },
    kills: ["GET-24"],
  },
  {
    name: "ids-by-prefix",
    why: "The id is looked for at the beginning of what was sent.",
    overrides: {
      find: (lab, id) => lab.runs.get(id.slice(0, 36)) ?? correct.find(lab, id),
    },
    kills: ["GET-24"],
  },
  {
    name: "put-accepted",
    why: "A route for reads answers to writes.",
    overrides: {
      otherMethod: (lab, request, allowed) =>
        request.method === "PUT" && !request.path.endsWith("/from-image")
          ? json(200, { ok: true })
          : correct.otherMethod(lab, request, allowed),
    },
    kills: ["GET-26"],
  },
  {
    name: "patch-changes-the-run",
    why: "The refusal comes after the deed.",
    overrides: {
      otherMethod: (lab, request, allowed) => {
        const run = lab.runs.get(/^\/workflow-runs\/([^/]+)$/.exec(request.path)?.[1] ?? "");
        if (run && request.method === "PATCH") run.step = "Patched";
        return correct.otherMethod(lab, request, allowed);
      },
    },
    kills: ["GET-26", "LIF-04"],
  },
  {
    name: "unknown-route-html",
    why: "The framework's own page for routes that are not there.",
    overrides: { otherRoute: () => page(404) },
    kills: ["GET-27"],
  },
  {
    name: "second-read-500",
    why: "An exception on the way becomes a page: here at the second read of a run at work.",
    overrides: {
      read: (lab, run, request) =>
        run.model.id === "ref/fast" && !isEnded(run.status) && count(lab, run.id) === 2
          ? page(500)
          : correct.read(lab, run, request),
    },
    kills: ["WIRE-01"],
    mayAlsoFail: [{ id: "GET-30", reason: "it reads a run at work twice" }],
  },
];
