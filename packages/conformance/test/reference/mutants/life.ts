import { isEnded } from "@modly-runs/contract";

import { correct } from "../behaviour.ts";
import { refuse } from "../http.ts";
import { change, count, later, pause, running, type StoredRun } from "../lab.ts";
import { ageOf, type Mutant, shown, shownWhen } from "./mutant.ts";

/** How long a run has been over; 0 while it goes on. */
const endedFor = (run: StoredRun) => (run.endedAt === null ? 0 : performance.now() - run.endedAt);

const failed = { output_url: null, scene_candidate: null, error: "It broke after all." };

/** What a run does between its beginning and its end, and after it. */
export const LIVES: readonly Mutant[] = [
  {
    name: "running-to-pending",
    why: "A worker gives a run back to the queue, and the run says so.",
    overrides: shownWhen("running", (run) =>
      ageOf(run) > 600
        ? {}
        : { progress: 0, ...(ageOf(run) > 300 ? { status: "pending", step: null } : {}) },
    ),
    kills: ["LIF-01", "LIF-15"],
  },
  {
    name: "progress-steps-back",
    why: "Each stage of the generator counts from zero, as in the existing backend.",
    overrides: shownWhen("running", (run) => ({ progress: (run.progress * 2) % 99 })),
    kills: ["LIF-02", "LIF-15"],
  },
  {
    name: "done-turns-error",
    why: "A late check of the mesh takes the end back.",
    overrides: shownWhen("done", (run) =>
      endedFor(run) > 120 ? { ...failed, status: "error", progress: 99 } : {},
    ),
    kills: ["LIF-03", "LIF-14", "LIF-15"],
  },
  {
    name: "late-step-write",
    why: "A thread of the generator still writes its step after the end.",
    overrides: shown((run) => (endedFor(run) > 120 ? { step: "Cleaning up" } : {})),
    kills: ["LIF-04"],
  },
  {
    name: "stuck-at-the-end",
    why: "The message that it is over is lost: failing runs work for ever.",
    overrides: { fail: () => {} },
    kills: ["LIF-05"],
  },
  {
    name: "failure-says-cancelled",
    why: "Whatever ends a generator early is called a cancel.",
    overrides: { fail: (_lab, run) => void change(run, { status: "cancelled" }) },
    kills: ["LIF-06"],
  },
  {
    name: "done-before-file",
    why: "The status is written first and the mesh after it.",
    overrides: {
      publish: (lab, run) => {
        const file = correct.outputPath(run);
        if (change(run, { status: "done", progress: 100, step: "Completed", file }))
          later(lab, 150, () => lab.files.set(file, correct.mesh(run)));
      },
    },
    kills: ["LIF-07"],
  },
  {
    name: "error-text-late",
    why: "The status is written first and the reason after it.",
    overrides: shownWhen("error", (run) => (endedFor(run) < 120 ? { error: null } : {})),
    kills: ["GET-01", "GET-13", "LIF-04", "LIF-08"],
  },
  {
    name: "failure-takes-neighbours",
    why: "One process serves several runs and dies with one of them.",
    overrides: {
      fail: (lab, run) => {
        correct.fail(lab, run);
        for (const other of running(lab)) correct.fail(lab, other);
      },
    },
    kills: ["LIF-10"],
  },
  {
    name: "poisoned-worker",
    why: "After a failure the model is in no state to serve the next run.",
    overrides: {
      fail: (lab, run) => {
        correct.fail(lab, run);
        lab.counters.set("poisoned", 1);
      },
      work: async (lab, run) => {
        if (run.model.fails || !lab.counters.delete("poisoned")) return correct.work(lab, run);
        change(run, { status: "running", step: "Loading" });
        if (await pause(lab, 60, run)) correct.fail(lab, run);
      },
    },
    kills: ["LIF-11"],
  },
  {
    name: "forgets-now-and-then",
    why: "Ended runs are looked up in a cache that drops and reloads them.",
    overrides: {
      read: (lab, run, request) =>
        endedFor(run) > 100 && count(lab, run.id) % 2 === 1
          ? refuse("run_not_found", "There is no such run.")
          : correct.read(lab, run, request),
    },
    kills: ["LIF-12"],
  },
  {
    name: "split-brain",
    why: "Two replicas disagree about how a run ended.",
    overrides: {
      view: (run, lab) => ({
        ...correct.view(run, lab),
        ...(run.status === "done" && run.reads % 2 === 0
          ? { ...failed, status: "error", progress: 99 }
          : {}),
      }),
    },
    kills: ["LIF-03", "LIF-14", "LIF-15"],
  },
  {
    name: "replica-stale-read",
    why: "Every second read comes from a replica that lags behind.",
    overrides: {
      view: (run, lab) => ({
        ...correct.view(run, lab),
        ...(isEnded(run.status) && endedFor(run) < 300 && run.reads % 2 === 0
          ? { ...failed, error: null, status: "running", progress: 50, step: "Step" }
          : {}),
      }),
    },
    kills: ["LIF-03", "LIF-15"],
  },
  {
    name: "queued-says-running",
    why: "A run that waits for a thread says that it works, as in the existing backend.",
    overrides: shownWhen("pending", () => ({ status: "running", step: "Waiting" })),
    kills: ["LIF-16"],
  },
];
