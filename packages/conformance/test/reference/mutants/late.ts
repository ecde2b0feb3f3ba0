import { correct } from "../behaviour.ts";
import { refuse } from "../http.ts";
import type { StoredRun } from "../lab.ts";
import type { Mutant } from "./mutant.ts";

/** Milliseconds since a run ended; none while it goes on. */
const sinceEnd = (run: StoredRun) => (run.endedAt === null ? -1 : performance.now() - run.endedAt);

/** Shows a run that ended in one way otherwise, some time after its end. */
const turned = (from: StoredRun["status"], afterMs: number, patch: Partial<StoredRun>) => ({
  view: (run: StoredRun, lab: Parameters<typeof correct.view>[1]) =>
    run.status === from && sinceEnd(run) > afterMs
      ? correct.view({ ...run, file: correct.outputPath(run), ...patch }, lab)
      : correct.view(run, lab),
});

/** What changes seconds after the end, when most have stopped looking. */
export const LATE: readonly Mutant[] = [
  {
    name: "error-turns-done-after-2s",
    why: "A retry succeeds two seconds after the failure was told.",
    overrides: turned("error", 2_000, { status: "done", progress: 100, step: "Completed" }),
    // The address it names then leads nowhere.
    kills: ["LIF-03", "LIF-14", "LIF-15", "OUT-17"],
  },
  {
    name: "done-turns-error-after-4s",
    why: "A check of the mesh that nobody waits for finds a fault.",
    overrides: turned("done", 4_000, { status: "error", progress: 99, error: "Holes were found." }),
    kills: ["LIF-02", "LIF-03", "LIF-14", "LIF-15"],
    mayAlsoFail: [
      { id: "GET-26", reason: "on a busy machine its run turns while the check looks at it" },
      { id: "LIF-13", reason: "on a busy machine its run turns while the check looks at it" },
      { id: "CAN-12", reason: "on a busy machine its run turns while the check looks at it" },
      { id: "GET-22", reason: "300 reads may take four seconds" },
    ],
  },
  {
    name: "cancelled-turns-error-after-4s",
    why: "The generator that was cancelled is killed at last, and its exit code is told.",
    overrides: turned("cancelled", 4_000, { status: "error", error: "Exit code 137." }),
    kills: ["LIF-03", "LIF-14", "LIF-15"],
    mayAlsoFail: [
      { id: "CAN-03", reason: "on a busy machine its run turns before anybody looks" },
      { id: "CAN-12", reason: "on a busy machine its run turns before anybody looks" },
    ],
  },
  {
    name: "error-text-changes-after-3s",
    why: "The reason is put into other words by a collector of failures.",
    overrides: turned("error", 3_000, { error: "Something went wrong." }),
    kills: ["LIF-04"],
  },
  {
    name: "cancelled-step-changes-after-3s",
    why: "A cleaner writes into runs that are over.",
    overrides: turned("cancelled", 3_000, { step: "Cleaned up" }),
    kills: ["LIF-04"],
  },
  {
    name: "mesh-gone-after-5s",
    why: "The folder of results is emptied; the runs still name what was in it.",
    overrides: {
      file: (lab, path, request) => {
        const run = [...lab.runs.values()].find((one) => one.file === path);
        return run && sinceEnd(run) > 5_000
          ? refuse("file_not_found", "There is no such file.")
          : correct.file(lab, path, request);
      },
    },
    kills: ["OUT-17"],
  },
  {
    name: "run-gone-after-5s",
    why: "Ended runs are forgotten after five seconds, and nothing says so.",
    overrides: {
      find: (lab, id) => {
        const run = correct.find(lab, id);
        return "model" in run && sinceEnd(run) > 5_000
          ? refuse("run_not_found", "There is no such run.")
          : run;
      },
    },
    kills: ["LIF-12"],
    mayAlsoFail: [{ id: "GET-22", reason: "300 reads may take five seconds" }],
  },
];
