import { correct } from "../behaviour.ts";
import { refuse } from "../http.ts";
import { active, change, count, onlyNeighbour, pause } from "../lab.ts";
import { ageOf, type Mutant, shownWhen, SIDE_BY_SIDE } from "./mutant.ts";

/** Whose run it is that fails is chance. */
const WAITED_FOR = [
  "CRE-25",
  "CRE-33",
  "LIF-10",
  "LIF-11",
  "CAN-14",
  "CAN-15",
  "CAN-16",
  "CAN-23",
].map((id) => ({ id, reason: "its run may be the one that is hit" }));

/** What a run does between its beginning and its end, and after it. */
export const LIVES: readonly Mutant[] = [
  {
    name: "running-to-pending",
    why: "A worker gives a run back to the queue, and the run says so.",
    overrides: shownWhen("running", (run) =>
      ageOf(run) > 600 || run.model.id !== "ref/long"
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
    mayAlsoFail: ["CAN-11", "CAN-12", "CAN-20"].map((id) => ({
      id,
      reason: "its run is followed until it begins, and may be seen to fall back",
    })),
  },
  {
    name: "error-turns-done",
    why: "A retry that nobody asked for succeeds after the failure was told.",
    overrides: {
      fail: (lab, run) => {
        correct.fail(lab, run);
        run.file = correct.outputPath(run);
        lab.files.set(run.file, correct.mesh(run));
      },
      view: (run, lab) =>
        run.status === "error" && run.file !== null && run.endReads > 3
          ? correct.view({ ...run, status: "done", progress: 100, step: "Completed" }, lab)
          : correct.view(run, lab),
    },
    kills: ["LIF-03", "LIF-14", "LIF-15"],
    mayAlsoFail: [{ id: "CAN-07", reason: "the read that turns may be the one after a cancel" }],
  },
  {
    name: "late-step-write",
    why: "A thread of the generator still writes its step after a failure.",
    overrides: shownWhen("error", (run) => (run.endReads > 3 ? { step: "Cleaning up" } : {})),
    kills: ["LIF-04"],
  },
  {
    name: "failure-says-cancelled",
    why: "Whatever ends a generator early is called a cancel.",
    overrides: { fail: (_lab, run) => void change(run, { status: "cancelled" }) },
    // No story explains a cancelled run to which nobody sent a cancel.
    kills: ["LIF-06", "LIF-15"],
  },
  {
    name: "done-before-file",
    why: "The status is written first and the mesh after it: who asks at once gets nothing.",
    overrides: {
      file: (lab, path, request) =>
        lab.files.has(path) && count(lab, path) === 1
          ? refuse("file_not_found", "There is no such file.")
          : correct.file(lab, path, request),
    },
    // Whoever downloads at the first sight of done meets the gap.
    kills: ["LIF-07"],
  },
  {
    name: "error-text-late",
    why: "The status is written first and the reason after it.",
    overrides: shownWhen("error", (run) => (run.endReads === 1 ? { error: null } : {})),
    // CAN-07 compares the text before and after a cancel.
    kills: ["GET-01", "GET-13", "LIF-04", "LIF-08", "CAN-07"],
  },
  {
    name: "failure-takes-neighbours",
    why: "One process serves several runs and dies with one of them.",
    overrides: {
      fail: (lab, run) => {
        const other = onlyNeighbour(lab, run);
        correct.fail(lab, run);
        if (other) correct.fail(lab, other);
      },
    },
    kills: ["LIF-10"],
    mayAlsoFail: SIDE_BY_SIDE,
  },
  {
    name: "poisoned-worker",
    why: "After a failure the model is in no state to serve the next run.",
    overrides: {
      fail: (lab, run) => {
        // Only where it is quiet, so that scenarios which run side by side are not hit by chance.
        if (active(lab).length <= 2) lab.counters.set("poisoned", 1);
        correct.fail(lab, run);
      },
      work: async (lab, run) => {
        if (run.model.fails || !lab.counters.delete("poisoned")) return correct.work(lab, run);
        change(run, { status: "running", step: "Loading" });
        if (await pause(lab, 60, run)) correct.fail(lab, run);
      },
    },
    kills: ["LIF-11", "CRE-43"],
    mayAlsoFail: SIDE_BY_SIDE,
  },
  {
    name: "forgets-for-a-while",
    why: "Ended runs are read through a cache that drops what nobody asked for, and loads it too late.",
    overrides: {
      read: (lab, run, request) => {
        const now = performance.now();
        const last = lab.counters.get(run.id) ?? now;
        lab.counters.set(run.id, now);
        return run.status === "done" &&
          run.endReads === 1 &&
          now - last > 150 &&
          count(lab, `lost ${run.id}`) === 1
          ? refuse("run_not_found", "There is no such run.")
          : correct.read(lab, run, request);
      },
    },
    kills: ["LIF-12"],
    mayAlsoFail: [
      { id: "LIF-13", reason: "a restart takes long enough for its run to be dropped" },
      ...["GET-21", "GET-30"].map((id) => ({
        id,
        reason: "on a busy machine its run is dropped before it is asked for again",
      })),
    ],
  },
  {
    name: "split-brain",
    why: "Two replicas disagree about how a run ended.",
    overrides: {
      view: (run, lab) =>
        run.status === "error" && run.endReads % 2 === 0
          ? correct.view({ ...run, status: "cancelled" }, lab)
          : correct.view(run, lab),
    },
    // A cancelled run to which nobody sent a cancel is LIF-06's as well.
    kills: ["LIF-03", "LIF-06", "LIF-14", "LIF-15", "CAN-07"],
  },
  {
    name: "replica-stale-read",
    why: "A replica lags behind: for a moment after a failure some reads still show the run at work.",
    overrides: {
      view: (run, lab) =>
        run.status === "error" && run.endReads > 3 && run.endReads % 2 === 0
          ? correct.view({ ...run, status: "running" }, lab)
          : correct.view(run, lab),
    },
    kills: ["LIF-03", "LIF-15"],
    mayAlsoFail: [{ id: "CAN-07", reason: "the stale read may be the one after a cancel" }],
  },
  {
    name: "queued-says-running",
    why: "A run that waits for a thread says that it works, as in the existing backend.",
    overrides: shownWhen("pending", () => ({ status: "running", step: "Waiting" })),
    kills: ["LIF-16"],
  },
  {
    name: "every-fortieth-fails",
    why: "A resource runs out after a while, and the run that is hit then fails for nothing.",
    overrides: {
      publish: (lab, run) => {
        const hit = count(lab, "published") % 40 === 0;
        if (hit) correct.fail(lab, run);
        else correct.publish(lab, run);
      },
    },
    kills: ["LIF-17"],
    mayAlsoFail: [...SIDE_BY_SIDE, ...WAITED_FOR],
  },
];
