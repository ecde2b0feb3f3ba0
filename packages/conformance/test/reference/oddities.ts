import { randomBytes, randomUUID } from "node:crypto";

import { type Behaviour, correct, sha256, textOf } from "./behaviour.ts";
import { type Answer, bodyOf, isAnswer, json, refuse } from "./http.ts";
import { change, count, later, MODELS, pause, type StoredRun } from "./lab.ts";
import { glb, triangle } from "./mesh.ts";
import type { Tolerance } from "./tolerance.ts";

/** Rewrites the answers to creates, reads or cancels: whatever is JSON. */
const rewritten = (
  rewrite: (body: Record<string, unknown>, answer: Answer) => Answer,
): Partial<Behaviour> => ({
  decorate: (answer) =>
    answer.headers["Content-Type"] === "application/json" && String(answer.body).startsWith("{")
      ? rewrite(bodyOf(answer), answer)
      : answer,
});

const headed = (headers: Record<string, string>): Partial<Behaviour> => ({
  decorate: (answer) => ({ ...answer, headers: { ...answer.headers, ...headers } }),
});

const slowed = (
  ms: number,
  when: (path: string, method: string) => boolean,
): Partial<Behaviour> => ({
  decorate: async (answer, { path, method }, lab) => {
    if (when(path, method)) await pause(lab, ms);
    return answer;
  },
});

/** Names meshes in another way. */
const filed = (path: (run: StoredRun) => string, url = path): Partial<Behaviour> => ({
  outputPath: path,
  file: (lab, asked, request) => {
    const run = [...lab.runs.values()].find((one) => one.file !== null && url(one) === asked);
    return correct.file(lab, run?.file ?? asked, request);
  },
  view: (run, lab) => ({
    ...correct.view(run, lab),
    ...(run.status === "done" ? { output_url: `/workspace/${url(run)}` } : {}),
  }),
});

const marked = (run: StoredRun) =>
  run.model.id === "ref/fingerprint" ? `${sha256(run.image)}-${run.id}` : run.id;

const shown = (patch: (run: StoredRun) => Record<string, unknown>): Partial<Behaviour> => ({
  view: (run, lab) => ({ ...correct.view(run, lab), ...patch(run) }),
});

const busyAbove = (limit: number, status: 429 | 503): Partial<Behaviour> => ({
  admit: (lab) =>
    [...lab.runs.values()].filter(({ status: now }) => now === "pending" || now === "running")
      .length >= limit
      ? {
          ...refuse("too_many_requests", "The queue is full.", { "Retry-After": "1" }),
          status,
        }
      : null,
});

const isRunning = (run: StoredRun) => run.status === "running";

/** Odd servers, each allowed by a sentence of the specification. */
export const ODDITIES: readonly Tolerance[] = [
  {
    name: "hex-file-names",
    why: "Meshes are named by 64 hex digits that are no picture's.",
    allows: "R-O7",
    overrides: {
      ...filed((run) => `${run.collection}/${sha256(Buffer.from(run.id))}.glb`),
      // What its picture was shows in the mesh alone.
      mesh: (run) => glb(triangle(sha256(run.image))),
    },
  },
  {
    name: "file-names-with-spaces",
    why: "A name has a space; the address has it percent-encoded.",
    allows: "R-G11",
    overrides: filed(
      (run) => `${run.collection}/my mesh ${marked(run)}.glb`,
      (run) => `${run.collection}/my%20mesh%20${marked(run)}.glb`,
    ),
  },
  {
    name: "file-names-beyond-ascii",
    why: "A name is in another script; the address is percent-encoded UTF-8.",
    allows: "R-G11",
    overrides: filed(
      (run) => `${run.collection}/m\u00e8che-${marked(run)}.glb`,
      (run) => `${run.collection}/m%C3%A8che-${marked(run)}.glb`,
    ),
  },
  {
    name: "deep-folders",
    why: "Inside the collection each run has a folder of its own.",
    allows: "R-O7",
    overrides: filed((run) => `${run.collection}/${marked(run)}/out/mesh.glb`),
  },
  {
    name: "queue-full-at-three-503",
    why: "More than three active runs are refused with 503.",
    allows: "R-W6",
    overrides: busyAbove(3, 503),
  },
  {
    name: "queue-full-at-three-429",
    why: "More than three active runs are refused with 429, before the form is even looked at.",
    allows: "R-W6",
    overrides: busyAbove(3, 429),
  },
  {
    name: "latency-120",
    why: "Every answer takes 120 ms longer.",
    allows: "R-L5",
    overrides: slowed(120, () => true),
  },
  {
    name: "creates-take-a-second",
    why: "A large upload is checked before the run begins.",
    allows: "R-C2",
    overrides: {
      accept: (lab, run) => correct.accept(lab, run),
      create: async (lab, request) => {
        await pause(lab, 1_000);
        return correct.create(lab, request);
      },
    },
  },
  {
    name: "never-running",
    why: "Reads show pending until the end.",
    allows: "R-L1",
    overrides: shown((run) => (isRunning(run) ? { status: "pending", progress: 0 } : {})),
  },
  {
    name: "decimal-ids",
    why: "Ids are random numbers of 24 digits.",
    allows: "R-C5",
    overrides: {
      newId: () =>
        BigInt(`0x${randomBytes(10).toString("hex")}`)
          .toString()
          .padStart(25, "1"),
    },
  },
  {
    name: "prefixed-ids",
    why: "Ids begin with a word and the date.",
    allows: "R-C5",
    overrides: { newId: () => `run_20260101-${randomBytes(12).toString("base64url")}` },
  },
  {
    name: "dotted-ids",
    why: "Ids have dots and tildes.",
    allows: "R-C4",
    overrides: { newId: () => `a.b~${randomUUID()}` },
  },
  {
    name: "long-ids",
    why: "Ids have 128 characters.",
    allows: "R-C4",
    overrides: { newId: () => randomBytes(64).toString("hex") },
  },
  {
    name: "two-continues",
    why: "A proxy and the server each say 100 Continue.",
    allows: "R-W13",
    overrides: {
      expectContinue: (response) => {
        response.writeContinue();
        response.writeContinue();
      },
    },
  },
  {
    name: "no-continue",
    why: "Nobody says 100 Continue; the client's patience ends.",
    allows: "R-W13",
    overrides: { expectContinue: () => {} },
  },
  {
    name: "slash-is-the-same",
    why: "A slash behind the path changes nothing.",
    allows: "R-W7",
    overrides: {
      handle: (lab, request) =>
        correct.handle(lab, {
          ...request,
          path: /^\/workflow-runs\/.+\/$/.test(request.path)
            ? request.path.slice(0, -1)
            : request.path,
        }),
    },
  },
  {
    name: "slash-308",
    why: "A slash behind the path is redirected for good, with the method kept.",
    allows: "R-W7",
    overrides: {
      handle: async (lab, request) =>
        /^\/workflow-runs\/.+\/$/.test(request.path)
          ? { status: 308, headers: { Location: request.path.slice(0, -1) }, body: null }
          : correct.handle(lab, request),
    },
  },
  {
    name: "other-methods-404",
    why: "A wrong method is an unknown route.",
    allows: "R-W8",
    overrides: { otherMethod: () => refuse("route_not_found", "There is no such route.") },
  },
  {
    name: "no-location",
    why: "The create answer does not say where the run is.",
    allows: "R-C7",
    overrides: {
      created: (_lab, run) => json(200, { run_id: run.id, status: "pending" }),
    },
  },
  {
    name: "absolute-location",
    why: "Location is a whole URL.",
    allows: "R-C7",
    overrides: {
      created: (_lab, run, { headers }) =>
        json(
          200,
          { run_id: run.id, status: "pending" },
          { Location: `http://${headers.host}/workflow-runs/${run.id}` },
        ),
    },
  },
  {
    name: "no-retry-after",
    why: "Reads don't say when to come back.",
    allows: "R-G17",
    overrides: {
      readHeaders: (run, body) => ({
        ETag: correct.readHeaders(run, body)["ETag"] ?? "",
        "Cache-Control": "no-cache",
      }),
    },
  },
  {
    name: "no-file-validators",
    why: "Meshes have neither ETag nor Last-Modified.",
    allows: "R-O7",
    overrides: {
      file: async (lab, path, request) => {
        const answer = await correct.file(lab, path, request);
        const { ETag: _, ...headers } = answer.headers;
        return { ...answer, headers };
      },
    },
  },
  {
    name: "many-headers",
    why: "Every answer has headers that nobody asked for.",
    allows: "R-W2",
    overrides: headed({
      "X-Request-Id": "7",
      Vary: "Accept",
      "Strict-Transport-Security": "max-age=1",
      "Set-Cookie": "a=b",
      Server: "odd/1.0",
    }),
  },
  {
    name: "close-delimited",
    why: "A body ends where the connection does.",
    allows: "R-W2",
    overrides: { decorate: (answer) => ({ ...answer, untilClose: true }) },
  },
  {
    name: "upper-case-charset",
    why: "The type is spelled in capitals, with a charset in quotes.",
    allows: "R-W2",
    overrides: rewritten((_body, answer) => ({
      ...answer,
      headers: { ...answer.headers, "Content-Type": 'Application/JSON; Charset="UTF-8"' },
    })),
  },
  {
    name: "escaped-json",
    why: "Every letter beyond a few is escaped.",
    allows: "R-W2",
    overrides: rewritten((_body, answer) => ({
      ...answer,
      body: String(answer.body).replaceAll("/", String.raw`\/`),
    })),
  },
  {
    name: "problem-details",
    why: "Refusals are application/problem+json.",
    allows: "R-W3",
    overrides: rewritten((_body, answer) =>
      answer.status >= 400
        ? { ...answer, headers: { ...answer.headers, "Content-Type": "application/problem+json" } }
        : answer,
    ),
  },
  {
    name: "422-for-all",
    why: "Every refusal of a form is a 422.",
    allows: "R-W3",
    overrides: rewritten((_body, answer) =>
      [400, 413, 415].includes(answer.status) ? { ...answer, status: 422 } : answer,
    ),
  },
  {
    name: "only-status-in-cancel",
    why: "A cancel tells the status and nothing else.",
    allows: "R-X1",
    warns: ["CAN-24"],
    overrides: { cancelled: (run) => json(200, { status: run.status }) },
  },
  {
    name: "only-cancelled-in-cancel",
    why: "A cancel tells a boolean and nothing else.",
    allows: "R-X1",
    warns: ["CAN-24"],
    overrides: { cancelled: (run) => json(200, { cancelled: run.status === "cancelled" }) },
  },
  {
    name: "rich-candidate",
    why: "The candidate has a kind, a size and a thumbnail that is null.",
    allows: "R-G1",
    overrides: shown((run) =>
      run.status === "done"
        ? {
            scene_candidate: {
              workspace_path: run.file,
              kind: "mesh",
              bytes: 712,
              thumbnail: null,
            },
          }
        : {},
    ),
  },
  {
    name: "steps-without-words",
    why: "There are no steps to tell: null throughout.",
    allows: "R-G10",
    overrides: shown(() => ({ step: null })),
  },
  {
    name: "step-in-another-script",
    why: "Steps are told in the user's language.",
    allows: "R-G10",
    overrides: shown((run) => (isRunning(run) ? { step: "\u6b63\u5728\u751f\u6210" } : {})),
  },
  {
    name: "progress-in-jumps",
    why: "Progress is 0, then 90, then done.",
    allows: "R-L1",
    overrides: shown((run) =>
      run.status === "done" ? {} : { progress: run.progress > 50 ? 90 : 0 },
    ),
  },
  {
    name: "slow-start",
    why: "A run waits a moment before it begins, though there is room.",
    allows: "R-L1",
    overrides: {
      work: async (lab, run) => {
        if (await pause(lab, 60, run)) await correct.work(lab, run);
      },
    },
  },
  {
    name: "types-ignored",
    why: "The label of a picture is not looked at: its bytes decide.",
    allows: "R-P7",
    overrides: {
      image: (parts) => {
        const image = correct.image(
          parts.map((part) => (part.file ? { ...part, type: "image/png" } : part)),
        );
        return image;
      },
    },
  },
  {
    name: "empty-picture-fails-late",
    why: "An empty picture is seen by the model only: its run ends in error.",
    allows: "R-P8",
    overrides: {
      pictureFault: (bytes) => (bytes.length === 0 ? null : correct.pictureFault(bytes)),
      work: async (lab, run) => {
        if (run.image.length > 0) return correct.work(lab, run);
        change(run, { status: "running", step: "Reading the picture" });
        if (await pause(lab, 20, run)) correct.fail(lab, run);
      },
    },
  },
  {
    name: "webp-refused",
    why: "There is no decoder for WebP, and the refusal says so.",
    allows: "R-P4",
    overrides: {
      pictureFault: (bytes) =>
        bytes.toString("latin1", 0, 4) === "RIFF"
          ? "WebP can't be read here."
          : correct.pictureFault(bytes),
    },
  },
  {
    name: "unknown-params-refused",
    why: "A key that the model does not know is a 4xx.",
    allows: "R-C15",
    overrides: {
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        if (isAnswer(params)) return params;
        const known = /^(?:steps|step_ms|remesh|enable_texture|texture_resolution|seed)$/;
        return Object.keys(params).every((key) => known.test(key))
          ? params
          : refuse("invalid_params", "There is an unknown key in params.");
      },
    },
  },
  {
    name: "second-file-ignored",
    why: "Of two files the one named image counts.",
    allows: "R-C19",
    overrides: { fileFault: () => null },
  },
  {
    name: "empty-name-means-default",
    why: "An empty model is the default one; a missing one is refused.",
    allows: "R-C10",
    overrides: {
      model: (parts) =>
        textOf(parts, "model_id") === "" ? (MODELS[0] ?? correct.model([])) : correct.model(parts),
    },
  },
  {
    name: "no-idempotency",
    why: "A key means nothing, and nothing else was said.",
    allows: "R-C22",
    overrides: {
      create: (lab, { headers: { "idempotency-key": _ignored, ...headers }, ...request }) =>
        correct.create(lab, { ...request, headers }),
    },
    config: { capabilities: ["restart"] },
  },
  {
    name: "no-restart-promised",
    why: "Nothing is said of restarts.",
    allows: "R-L13",
    overrides: {},
    config: { capabilities: ["idempotency_key"] },
  },
  {
    name: "cancel-takes-a-second",
    why: "The generator is asked and answers; meanwhile the run is active.",
    allows: "R-X4",
    warns: ["CAN-04"],
    overrides: {
      stop: (lab, run) => later(lab, 900, () => correct.stop(lab, run)),
      cancel: async (lab, run, request) => {
        const answer = await correct.cancel(lab, run, request);
        return { ...answer, status: 202 };
      },
    },
  },
  {
    name: "platform-refuses-what-is-no-uri",
    why: "What the server stands on refuses a path with a broken escape before any route is found, with its own page.",
    allows: "R-W15",
    overrides: {
      handle: async (lab, request) =>
        /%(?![\da-f]{2})/i.test(request.path)
          ? {
              status: 400,
              headers: { "Content-Type": "text/html" },
              body: "<h1>400 Bad Request</h1>URISyntaxException thrown",
            }
          : correct.handle(lab, request),
    },
  },
  {
    name: "slow-downloads",
    why: "A mesh takes 200 ms to fetch.",
    allows: "R-O1",
    overrides: slowed(200, (path) => path.startsWith("/workspace/")),
  },
  {
    name: "slow-reads-now-and-then",
    why: "Every tenth read takes 300 ms.",
    allows: "R-L5",
    overrides: {
      decorate: async (answer, _request, lab) => {
        if (count(lab, "tenth") % 10 === 0) await pause(lab, 300);
        return answer;
      },
    },
  },
];
