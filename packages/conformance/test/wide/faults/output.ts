import { correct } from "../../reference/behaviour.ts";
import { refuse } from "../../reference/http.ts";
import type { Lab, StoredRun } from "../../reference/lab.ts";
import { glb, triangle } from "../../reference/mesh.ts";
import {
  ALWAYS,
  COMPANY,
  ENDED,
  HISTORY,
  NUMBER,
  PICTURE,
  REQUEST,
  type When,
} from "../conditions.ts";
import type { Fault } from "../fault.ts";

const ownerOf = (lab: Lab, path: string): StoredRun | undefined =>
  [...lab.runs.values()].find(({ file }) => file === path);

/** A fault in how a mesh is sent: bytes or headers of the right answer changed. */
function sends(
  change: (answer: Awaited<ReturnType<typeof correct.file>>) => typeof answer,
): Fault["make"] {
  return (when) => ({
    file: async (lab, path, request) => {
      const answer = await correct.file(lab, path, request);
      const run = ownerOf(lab, path);
      return run && answer.status < 300 && when(lab, run) ? change(answer) : answer;
    },
  });
}

const KEPT = [ALWAYS, ENDED, NUMBER, COMPANY, HISTORY, PICTURE, REQUEST] as const;

/** The mesh that a run leaves. */
export const OUTPUT: readonly Fault[] = [
  {
    name: "mesh-missing",
    wrong: "The mesh of a done run is not found",
    with: KEPT,
    make: sends(() => refuse("file_not_found", "There is no such file.")),
  },
  {
    name: "mesh-cut",
    wrong: "The mesh is cut off",
    with: KEPT,
    make: sends((answer) => ({
      ...answer,
      body: Buffer.from(answer.body ?? "").subarray(0, -8),
    })),
  },
  {
    name: "mesh-changes",
    wrong: "Every download of a mesh has other bytes",
    with: [ALWAYS, ENDED, NUMBER, HISTORY, PICTURE],
    make: sends((answer) => ({ ...answer, body: glb(triangle(String(Math.random()))) })),
  },
  {
    name: "mesh-as-page",
    wrong: "The mesh comes as text/html",
    with: [ALWAYS, ENDED, NUMBER, HISTORY, PICTURE, REQUEST],
    make: sends((answer) => ({
      ...answer,
      headers: { ...answer.headers, "Content-Type": "text/html" },
    })),
  },
  {
    name: "mesh-of-another",
    wrong: "The mesh is made from the picture of the run before",
    with: [ALWAYS, NUMBER, COMPANY, HISTORY, PICTURE],
    make: (when: When) => ({
      publish: (lab, run) => {
        const runs = [...lab.runs.values()];
        const before = runs[runs.indexOf(run) - 1];
        correct.publish(
          lab,
          before && when(lab, run)
            ? // What is written belongs to this run; only the picture is the other's.
              Object.assign(run, { image: before.image })
            : run,
        );
      },
    }),
  },
  {
    name: "one-name",
    wrong: "The mesh is written to the same file as the one before",
    with: [ALWAYS, NUMBER, COMPANY, HISTORY, REQUEST],
    make: (when: When) => ({
      publish: (lab, run) => {
        if (!when(lab, run)) return correct.publish(lab, run);
        const outputPath = () => `${run.collection}/output.glb`;
        correct.publish({ ...lab, behaviour: { ...lab.behaviour, outputPath } }, run);
      },
    }),
  },
  {
    name: "no-mesh",
    wrong: "The file that output_url names is empty",
    with: [ALWAYS, NUMBER, COMPANY, HISTORY, PICTURE, REQUEST],
    make: (when: When) => ({
      publish: (lab, run) => {
        correct.publish(lab, run);
        if (run.file && when(lab, run)) lab.files.set(run.file, Buffer.alloc(0));
      },
    }),
  },
];
