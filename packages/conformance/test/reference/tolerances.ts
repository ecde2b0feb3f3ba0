import { randomBytes } from "node:crypto";

import { isEnded } from "@modly-runs/contract";

import { type Behaviour, correct, sha256, textOf } from "./behaviour.ts";
import { type Answer, bodyOf, json, refuse } from "./http.ts";
import { change, count, later, MODELS, pause, type StoredRun } from "./lab.ts";
import { ODDITIES } from "./oddities.ts";
import { REFERENCE_TARGET } from "./target.ts";
import type { Tolerance } from "./tolerance.ts";

const { situations } = REFERENCE_TARGET;
const noQueue = { ...situations, queued: "none" } as const;

/** Rewrites the JSON of every answer that has any. */
function rewritten(rewrite: (answer: Answer) => Answer): Partial<Behaviour> {
  return {
    decorate: (answer) =>
      answer.headers["Content-Type"] === "application/json" ? rewrite(answer) : answer,
  };
}

/** Gives every answer more headers. */
function headed(headers: Record<string, string>): Partial<Behaviour> {
  return {
    decorate: (answer) => ({ ...answer, headers: { ...answer.headers, ...headers } }),
  };
}

/** Names headers in another case; HTTP does not care. */
function recased(rename: (name: string) => string): Partial<Behaviour> {
  return {
    decorate: (answer) => ({
      ...answer,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [rename(name), value]),
      ),
    }),
  };
}

const active = (run: StoredRun) => !isEnded(run.status);

/** Every odd server. */
export const TOLERANCES: readonly Tolerance[] = [
  {
    name: "instant",
    why: "The run is over before the answer to the create is read: nothing forbids being fast.",
    allows: "R-L1",
    overrides: {
      work: async (lab, run) => {
        if (run.model.id.startsWith("ref/long") || run.model.slots === 1)
          return correct.work(lab, run);
        change(run, { status: "running", step: "Working" });
        if (run.model.fails) correct.fail(lab, run);
        else correct.publish(lab, run);
      },
    },
  },
  {
    name: "nothing-long",
    why: "Every run is instant, and nothing long is promised: what needs a long run does not apply.",
    allows: "R-L1",
    overrides: {
      work: async (lab, run) => {
        change(run, { status: "running", step: "Working" });
        if (run.model.fails) correct.fail(lab, run);
        else correct.publish(lab, run);
      },
    },
    config: { situations: { ...noQueue, runs_long: "none" } },
  },
  {
    name: "never-pending",
    why: "Reads never show `pending`: observers may miss states.",
    allows: "R-L1",
    overrides: {
      view: (run, lab) => ({
        ...correct.view(run, lab),
        ...(run.status === "pending" ? { status: "running", step: "Starting" } : {}),
      }),
    },
    config: { situations: noQueue },
  },
  {
    name: "no-progress",
    why: "Progress is 0 until it is 100: a generator that can't tell says nothing.",
    allows: "R-L1",
    overrides: { advance: () => {} },
  },
  {
    name: "single-slot",
    why: "One run at a time, first come, first served.",
    allows: "R-L12",
    overrides: {
      accept: (lab, run) => {
        run.model = { ...run.model, id: "ref/one", slots: 1 };
        correct.accept(lab, run);
      },
      outputPath: (run) => `${run.collection}/${sha256(run.image)}-${run.id}.glb`,
    },
  },
  {
    name: "422-array-details",
    why: "Refusals carry a list of findings, as FastAPI's do.",
    allows: "R-W3",
    overrides: rewritten((answer) =>
      answer.status === 400
        ? json(422, {
            detail: [{ loc: ["body"], msg: bodyOf(answer)["detail"], type: "value_error" }],
          })
        : answer,
    ),
  },
  {
    name: "only-detail",
    why: "Refusals carry a sentence and nothing else.",
    allows: "R-W3",
    overrides: rewritten((answer) =>
      answer.status >= 400
        ? { ...answer, body: JSON.stringify({ detail: bodyOf(answer)["detail"] }) }
        : answer,
    ),
  },
  {
    name: "extra-keys",
    why: "Bodies have more keys than the contract names.",
    allows: "R-W2",
    overrides: rewritten((answer) =>
      String(answer.body).startsWith("{")
        ? { ...answer, body: JSON.stringify({ ...bodyOf(answer), server: { name: "odd" } }) }
        : answer,
    ),
  },
  {
    name: "reversed-pretty-json",
    why: "Keys come in another order, on lines of their own.",
    allows: "R-W2",
    overrides: rewritten((answer) =>
      String(answer.body).startsWith("{")
        ? {
            ...answer,
            body: JSON.stringify(
              Object.fromEntries(Object.entries(bodyOf(answer)).toReversed()),
              null,
              2,
            ),
          }
        : answer,
    ),
  },
  {
    name: "chunked-answers",
    why: "No Content-Length: bodies come in chunks.",
    allows: "R-W2",
    overrides: {
      decorate: (answer, request) =>
        answer.body === null || request.method === "HEAD" || answer.status === 206
          ? answer
          : { ...answer, headers: { ...answer.headers, "Transfer-Encoding": "chunked" } },
    },
  },
  {
    name: "connection-close",
    why: "Each answer closes its connection.",
    allows: "R-W2",
    overrides: headed({ Connection: "close" }),
  },
  {
    name: "lower-case-headers",
    why: "The names of headers are all small.",
    allows: "R-W2",
    overrides: recased((name) => name.toLowerCase()),
  },
  {
    name: "upper-case-headers",
    why: "The names of headers are all capitals.",
    allows: "R-W2",
    overrides: recased((name) => name.toUpperCase()),
  },
  {
    name: "charset-parameter",
    why: "The type names its character set.",
    allows: "R-W2",
    overrides: rewritten((answer) => ({
      ...answer,
      headers: { ...answer.headers, "Content-Type": "application/json; charset=utf-8" },
    })),
  },
  {
    name: "slash-307",
    why: "A trailing slash is redirected, with the method kept.",
    allows: "R-W7",
    overrides: {
      handle: async (lab, request) =>
        /^\/workflow-runs\/.+\/$/.test(request.path)
          ? { status: 307, headers: { Location: request.path.slice(0, -1) }, body: null }
          : correct.handle(lab, request),
    },
  },
  {
    name: "weak-etags",
    why: "Tags are weak: the same for the same meaning.",
    allows: "R-G16",
    overrides: {
      decorate: (answer) => ({
        ...answer,
        headers: answer.headers["ETag"]
          ? { ...answer.headers, ETag: `W/${answer.headers["ETag"]}` }
          : answer.headers,
      }),
    },
  },
  {
    name: "no-etags",
    why: "No validators at all: a read always gives the whole body.",
    allows: "R-G16",
    overrides: {
      readHeaders: () => ({ "Cache-Control": "no-store" }),
    },
  },
  {
    name: "slow-cancel",
    why: "The answer to a cancel of a long run takes two seconds: the generator is asked first.",
    allows: "R-X12",
    overrides: {
      cancel: async (lab, run, request) => {
        if (active(run) && run.model.id === "ref/long" && count(lab, "slow") <= 3)
          await pause(lab, 2_000, run);
        return correct.cancel(lab, run, request);
      },
    },
    config: {
      situations: {
        ...situations,
        runs_long: { model_id: "ref/long", params: { steps: 120, step_ms: 50 }, min_ms: 5_500 },
      },
    },
  },
  {
    name: "hex-ids",
    why: "Ids are 64 hex digits.",
    allows: "R-C5",
    overrides: { newId: () => randomBytes(32).toString("hex") },
  },
  {
    name: "ulids",
    why: "Ids begin with the time and sort by it; 80 bits are random.",
    allows: "R-C5",
    overrides: { newId: () => ulid() },
  },
  {
    name: "jitter",
    why: "Every answer takes up to 150 ms longer.",
    allows: "R-L5",
    overrides: {
      decorate: async (answer, _request, lab) => {
        // A fixed rhythm, so that two runs of the suite meet the same server.
        await pause(lab, (count(lab, "answers") * 37) % 150);
        return answer;
      },
    },
    // Slow answers need a slower queue, or the first run is over before the second was read.
    config: {
      situations: {
        ...situations,
        queued: { model_id: "ref/single", params: { steps: 100, step_ms: 50 }, burst: 2 },
      },
    },
  },
  {
    name: "busy-429",
    why: "More than six active runs are refused, with a time to come back.",
    allows: "R-W6",
    overrides: {
      admit: (lab) =>
        [...lab.runs.values()].filter(active).length >= 6
          ? refuse("too_many_requests", "Six runs are at work.", { "Retry-After": "1" })
          : null,
    },
  },
  {
    name: "retention",
    why: "A run and its mesh are retired together some time after the end.",
    allows: "R-L11",
    overrides: {
      find: (lab, id) => {
        const run = correct.find(lab, id);
        const age = "model" in run && run.endedAt ? performance.now() - run.endedAt : 0;
        if (!("model" in run) || age < 8_000) return run;
        lab.runs.delete(run.id);
        if (run.file) lab.files.delete(run.file);
        return correct.find(lab, id);
      },
    },
    config: { retention_ms: 7_500 },
  },
  {
    name: "asynchronous-cancel",
    why: "The cancel is accepted and takes hold a moment later; the answer says what is true.",
    allows: "R-X4",
    warns: ["CAN-04"],
    overrides: {
      stop: (lab, run) => later(lab, 150, () => correct.stop(lab, run)),
      cancel: async (lab, run, request) => {
        const wasActive = active(run);
        const answer = await correct.cancel(lab, run, request);
        return wasActive ? { ...answer, status: 202 } : answer;
      },
    },
  },
  {
    name: "proposal-branch",
    why: "The proposal's own branch: 202 to create and cancel, no `cancelled`, a richer candidate.",
    allows: "R-X1",
    warns: ["CAN-24"],
    overrides: {
      created: async (...args) => ({ ...(await correct.created(...args)), status: 202 }),
      cancel: (lab, run) => {
        const status = active(run) ? 202 : 200;
        if (active(run)) correct.stop(lab, run);
        return json(status, { run_id: run.id, status: run.status });
      },
      view: (run, lab) => ({
        ...correct.view(run, lab),
        ...(run.status === "done"
          ? {
              scene_candidate: {
                workspace_path: run.file,
                kind: "mesh",
                output_url: `/workspace/${run.file}`,
              },
            }
          : {}),
      }),
    },
  },
  {
    name: "three-endpoints-only",
    why: "Nothing beside the three endpoints and the workspace.",
    allows: "R-C10",
    overrides: {
      otherRoute: () => refuse("route_not_found", "There is no such route."),
    },
  },
  {
    name: "late-detection",
    why: "Pictures are only read by the generator: a broken one makes a run that fails.",
    allows: "R-P8",
    overrides: {
      pictureFault: (bytes) => (bytes.length === 0 ? "The picture is empty." : null),
      work: async (lab, run) => {
        if (correct.pictureFault(run.image) === null) return correct.work(lab, run);
        change(run, { status: "running", step: "Reading the picture" });
        if (await pause(lab, 20, run)) correct.fail(lab, run);
      },
    },
  },
  {
    name: "default-model",
    why: "A create without a model, or with an empty name, means the default model.",
    allows: "R-C10",
    overrides: {
      model: (parts) =>
        textOf(parts, "model_id")?.trim() ? correct.model(parts) : (MODELS[0] ?? correct.model([])),
    },
  },
  {
    name: "no-ranges",
    why: "A range gets the whole file: ranges are an offer and no duty.",
    allows: "R-O6",
    overrides: {
      file: (lab, path, { headers: { range: _ignored, ...headers }, ...request }) =>
        correct.file(lab, path, { ...request, headers }),
    },
  },
  ...ODDITIES,
];

/** Crockford's digits: 10 of time, 16 of chance. */
function ulid(): string {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const time = Array.from(
    { length: 10 },
    (_, place) => digits[Math.floor(Date.now() / 32 ** (9 - place)) % 32],
  );
  return [...time, ...Array.from(randomBytes(16), (byte) => digits[byte % 32])].join("");
}
