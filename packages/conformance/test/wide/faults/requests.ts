import { isEnded } from "@modly-runs/contract";

import { correct } from "../../reference/behaviour.ts";
import { isAnswer, json, refuse } from "../../reference/http.ts";
import { active, change, MODELS, pause } from "../../reference/lab.ts";
import { crash, page } from "../../reference/mutants/mutant.ts";
import {
  ALWAYS,
  COMPANY,
  ENDED,
  HISTORY,
  isActive,
  NUMBER,
  PICTURE,
  PROGRESS,
  REQUEST,
} from "../conditions.ts";
import type { Fault } from "../fault.ts";

const ANY = [NUMBER, COMPANY, HISTORY, PICTURE, REQUEST] as const;

/** What a create does. */
export const CREATE: readonly Fault[] = [
  {
    name: "create-500",
    wrong: "A good create is answered 500",
    with: ANY,
    make: (when) => ({
      created: (lab, run, request) =>
        when(lab, run) ? crash() : correct.created(lab, run, request),
    }),
  },
  {
    name: "create-loses",
    wrong: "A create is answered and its run is nowhere",
    with: ANY,
    make: (when) => ({
      created: (lab, run, request) => {
        const lost = when(lab, run);
        const answer = correct.created(lab, run, request);
        if (lost) lab.runs.delete(run.id);
        return answer;
      },
    }),
  },
  {
    name: "create-deduplicates",
    wrong: "A create gives the run before",
    with: [NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      created: (lab, run, request) => {
        const runs = [...lab.runs.values()];
        const before = runs[runs.indexOf(run) - 1];
        return correct.created(lab, before && when(lab, run) ? before : run, request);
      },
    }),
  },
  {
    name: "create-is-slow",
    wrong: "A create answers once the run has ended",
    with: [ALWAYS, COMPANY, HISTORY],
    make: (when) => ({
      created: async (lab, run, request) => {
        while (when(lab, run) && !isEnded(run.status) && (await pause(lab, 10)));
        return correct.created(lab, run, request);
      },
    }),
  },
  {
    name: "create-as-text",
    wrong: "The answer to a create is text/plain",
    with: [ALWAYS, NUMBER, HISTORY, REQUEST],
    make: (when) => ({
      created: async (lab, run, request) => {
        const answer = await correct.created(lab, run, request);
        return when(lab, run)
          ? { ...answer, headers: { ...answer.headers, "Content-Type": "text/plain" } }
          : answer;
      },
    }),
  },
  {
    name: "other-model",
    wrong: "The run is made by the first model, whichever was asked for",
    with: [ALWAYS, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      accept: (lab, run) => {
        const [first] = MODELS;
        correct.accept(lab, first && when(lab, run) ? Object.assign(run, { model: first }) : run);
      },
    }),
  },
  {
    name: "collection-ignored",
    wrong: "The mesh lies in Default, whichever collection was asked for",
    with: [ALWAYS, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      accept: (lab, run) =>
        correct.accept(lab, when(lab, run) ? Object.assign(run, { collection: "Default" }) : run),
    }),
  },
];

/** What a cancel does. */
export const CANCEL: readonly Fault[] = [
  {
    name: "cancel-ignored",
    wrong: "A cancel answers as it should and does nothing",
    with: [ALWAYS, PROGRESS, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      cancel: (lab, run, request) =>
        isActive(run) && when(lab, run)
          ? json(200, { run_id: run.id, status: "cancelled", cancelled: true })
          : correct.cancel(lab, run, request),
    }),
  },
  {
    name: "cancel-ignored-honestly",
    wrong: "A cancel does nothing and says so",
    with: [ALWAYS, PROGRESS, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      cancel: (lab, run, request) =>
        isActive(run) && when(lab, run)
          ? json(202, { run_id: run.id, status: run.status, cancelled: false })
          : correct.cancel(lab, run, request),
    }),
  },
  {
    name: "cancel-500",
    wrong: "A cancel is answered 500",
    with: [ALWAYS, PROGRESS, ENDED, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      cancel: (lab, run, request) => (when(lab, run) ? crash() : correct.cancel(lab, run, request)),
    }),
  },
  {
    name: "cancel-404",
    wrong: "A cancel does not find its run",
    with: [ALWAYS, PROGRESS, ENDED, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      cancel: (lab, run, request) =>
        when(lab, run)
          ? refuse("run_not_found", "There is no such run.")
          : correct.cancel(lab, run, request),
    }),
  },
  {
    name: "cancel-takes-neighbour",
    wrong: "A cancel makes another active run fail",
    with: [ALWAYS, PROGRESS, NUMBER, HISTORY],
    make: (when) => ({
      cancel: (lab, run, request) => {
        const victim = active(lab).find((other) => other !== run);
        if (victim && when(lab, run)) {
          correct.fail(lab, victim);
          victim.stop.abort();
        }
        return correct.cancel(lab, run, request);
      },
    }),
  },
  {
    name: "cancel-rewrites-the-end",
    wrong: "To cancel an ended run makes it cancelled",
    with: [ALWAYS, ENDED, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      cancel: (lab, run, request) => {
        if (isEnded(run.status) && when(lab, run)) run.status = "cancelled";
        return correct.cancel(lab, run, request);
      },
    }),
  },
  {
    name: "cancel-fails-the-run",
    wrong: "A cancelled run ends in error",
    with: [ALWAYS, PROGRESS, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      stop: (lab, run) => {
        if (!when(lab, run)) return correct.stop(lab, run);
        change(run, { status: "error", error: "The generator was stopped." });
        run.stop.abort();
      },
    }),
  },
  {
    name: "cancel-leaks-the-place",
    wrong: "A cancelled run keeps its place",
    with: [ALWAYS, NUMBER, COMPANY, HISTORY],
    make: (when) => ({
      release: (lab, run) => {
        if (run.status !== "cancelled" || !when(lab, run)) correct.release(lab, run);
      },
    }),
  },
];

const BEFORE = [ALWAYS, COMPANY, HISTORY] as const;

/** What a request gets that has to be refused. */
export const REFUSALS: readonly Fault[] = [
  {
    name: "unknown-run-500",
    wrong: "An unknown run is answered 500",
    with: BEFORE,
    make: (when) => ({
      find: (lab, id) => {
        const found = correct.find(lab, id);
        return isAnswer(found) && when(lab) ? crash() : found;
      },
    }),
  },
  {
    name: "unknown-run-page",
    wrong: "An unknown run is answered with a page",
    with: BEFORE,
    make: (when) => ({
      find: (lab, id) => {
        const found = correct.find(lab, id);
        return isAnswer(found) && when(lab) ? page(404) : found;
      },
    }),
  },
  {
    name: "bad-params-taken",
    wrong: "Params that are no object are taken for none",
    with: BEFORE,
    make: (when) => ({
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        return isAnswer(params) && when(lab) ? {} : params;
      },
    }),
  },
  {
    name: "refusal-tells-paths",
    wrong: "A refused create tells a stack with paths",
    with: BEFORE,
    make: (when) => ({
      create: async (lab, request) => {
        const told = when(lab);
        const answer = await correct.create(lab, request);
        return told && answer.status >= 400
          ? json(answer.status, {
              detail: "TypeError: bad picture\n    at decode (/home/ann/server/src/decode.js:31:7)",
            })
          : answer;
      },
    }),
  },
];
