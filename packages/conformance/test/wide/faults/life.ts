import { correct } from "../../reference/behaviour.ts";
import { refuse } from "../../reference/http.ts";
import { active, change, pause } from "../../reference/lab.ts";
import {
  ALWAYS,
  COMPANY,
  ENDED,
  HISTORY,
  NUMBER,
  PICTURE,
  PROGRESS,
  REQUEST,
} from "../conditions.ts";
import { type Fault, shows } from "../fault.ts";

const WORKING = [ALWAYS, PROGRESS, NUMBER, COMPANY, HISTORY] as const;
const FINISHED = [ALWAYS, ENDED, NUMBER, COMPANY, HISTORY] as const;

/** What reads show of a run at work. */
export const RUNNING: readonly Fault[] = [
  {
    name: "sixth-word",
    wrong: "A running run says `processing`",
    with: WORKING,
    make: shows("running", () => ({ status: "processing" })),
  },
  {
    name: "float-progress",
    wrong: "Progress is no whole number",
    with: WORKING,
    make: shows("running", (run) => ({ progress: run.progress + 0.5 })),
  },
  {
    name: "progress-falls",
    wrong: "Progress begins again from 0 at 33 and at 66",
    with: [ALWAYS, PROGRESS, NUMBER, COMPANY, HISTORY, PICTURE, REQUEST],
    make: shows("running", (run) => ({ progress: run.progress % 33 })),
  },
  {
    name: "progress-over-100",
    wrong: "Progress is above 100",
    with: WORKING,
    make: shows("running", (run) => ({ progress: run.progress + 101 })),
  },
  {
    name: "early-output",
    wrong: "A running run has its output_url already",
    with: [ALWAYS, PROGRESS, NUMBER, COMPANY, HISTORY, PICTURE],
    make: shows("running", (run) => ({ output_url: `/workspace/${run.collection}/${run.id}.glb` })),
  },
  {
    name: "early-error",
    wrong: "A running run has an error",
    with: WORKING,
    make: shows("running", () => ({ error: "The model is slow today." })),
  },
  {
    name: "back-to-pending",
    wrong: "Every other read of a running run says `pending`",
    with: WORKING,
    make: shows("running", (run) =>
      run.reads % 2 === 0 ? { status: "pending", progress: 0, step: null } : {},
    ),
  },
  {
    name: "lost-key",
    wrong: "`scene_candidate` is left out while it runs",
    with: WORKING,
    make: shows("running", () => ({ scene_candidate: undefined })),
  },
  {
    name: "other-id",
    wrong: "A read names another run",
    with: WORKING,
    make: shows("running", (run) => ({ run_id: run.id.split("").toReversed().join("") })),
  },
];

/** What reads show of a run that is done. */
export const DONE: readonly Fault[] = [
  {
    name: "done-without-output",
    wrong: "A done run has no output_url",
    with: [ALWAYS, ENDED, NUMBER, COMPANY, HISTORY, PICTURE, REQUEST],
    make: shows("done", () => ({ output_url: null })),
  },
  {
    name: "two-places",
    wrong: "`scene_candidate` names another place than output_url",
    with: [ALWAYS, ENDED, NUMBER, COMPANY, HISTORY, REQUEST],
    make: shows("done", (run) => ({ scene_candidate: { workspace_path: `/${run.file}` } })),
  },
  {
    name: "done-at-99",
    wrong: "A done run stays at 99",
    with: FINISHED,
    make: shows("done", () => ({ progress: 99 })),
  },
  {
    name: "done-flips",
    wrong: "Every other read of a done run says `running`",
    with: FINISHED,
    make: shows("done", (run) =>
      run.endReads % 2 === 0
        ? { status: "running", progress: 99, output_url: null, scene_candidate: null }
        : {},
    ),
  },
  {
    name: "done-is-touched",
    wrong: "The step of a done run tells how often it was read",
    with: FINISHED,
    make: shows("done", (run) => ({ step: `Read ${run.endReads} times` })),
  },
  {
    name: "forgotten",
    wrong: "A done run is not found",
    with: FINISHED,
    make: (when) => ({
      read: (lab, run, request) => {
        const shown = correct.read(lab, run, request);
        return run.status === "done" && when(lab, run)
          ? refuse("run_not_found", "There is no such run.")
          : shown;
      },
    }),
  },
];

/** What reads show of a run that failed or was cancelled. */
export const OTHER_ENDS: readonly Fault[] = [
  {
    name: "error-without-text",
    wrong: "A failed run does not say why",
    with: FINISHED,
    make: shows("error", () => ({ error: null })),
  },
  {
    name: "error-changes",
    wrong: "The text of a failure changes with every read",
    with: FINISHED,
    make: shows("error", (run) => ({ error: `It failed (${run.endReads}).` })),
  },
  {
    name: "error-with-traceback",
    wrong: "The text of a failure is a traceback with paths",
    with: FINISHED,
    make: shows("error", () => ({
      error:
        'Traceback (most recent call last):\n  File "/home/ann/app/generator.py", line 12, in run\nValueError: no outline',
    })),
  },
  {
    name: "error-turns-done",
    wrong: "Every other read of a failed run says `done`",
    with: FINISHED,
    make: shows("error", (run) =>
      run.endReads % 2 === 0
        ? {
            status: "done",
            progress: 100,
            error: null,
            output_url: "/workspace/Default/retry.glb",
            scene_candidate: { workspace_path: "Default/retry.glb" },
          }
        : {},
    ),
  },
  {
    name: "cancelled-runs-again",
    wrong: "Every other read of a cancelled run says `running`",
    with: FINISHED,
    make: shows("cancelled", (run) => (run.endReads % 2 === 0 ? { status: "running" } : {})),
  },
  {
    name: "cancelled-with-output",
    wrong: "A cancelled run has an output_url",
    with: FINISHED,
    make: shows("cancelled", (run) => ({ output_url: `/workspace/Default/${run.id}.glb` })),
  },
  {
    name: "cancelled-goes-on",
    wrong: "The step of a cancelled run goes on changing",
    with: FINISHED,
    make: shows("cancelled", (run) => ({ step: `Step ${run.endReads}` })),
  },
];

const ANY = [NUMBER, COMPANY, HISTORY, PICTURE, REQUEST] as const;

/** How runs go. */
export const WORK: readonly Fault[] = [
  {
    name: "hangs",
    wrong: "A run stays at 50 % for ever",
    with: ANY,
    make: (when) => ({
      work: async (lab, run) => {
        if (!when(lab, run)) return correct.work(lab, run);
        change(run, { status: "running", progress: 50, step: "Working" });
        await pause(lab, 3_600_000, run);
      },
    }),
  },
  {
    name: "fails-for-nothing",
    wrong: "A run that should succeed ends in error",
    with: ANY,
    make: (when) => ({
      publish: (lab, run) => {
        if (when(lab, run)) correct.fail(lab, run);
        else correct.publish(lab, run);
      },
    }),
  },
  {
    name: "cancelled-by-nobody",
    wrong: "A run ends `cancelled` though nobody asked for it",
    with: ANY,
    make: (when) => ({
      publish: (lab, run) => {
        if (when(lab, run)) change(run, { status: "cancelled" });
        else correct.publish(lab, run);
      },
    }),
  },
  {
    name: "end-takes-neighbour",
    wrong: "The end of a run makes another active one fail",
    with: [ALWAYS, NUMBER, HISTORY],
    make: (when) => ({
      publish: (lab, run) => {
        const victim = active(lab).find((other) => other !== run);
        if (victim && when(lab, run)) {
          correct.fail(lab, victim);
          victim.stop.abort();
        }
        correct.publish(lab, run);
      },
    }),
  },
];
