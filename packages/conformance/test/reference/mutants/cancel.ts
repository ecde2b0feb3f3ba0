import { isEnded } from "@modly-runs/contract";

import { correct } from "../behaviour.ts";
import { bodyOf, isAnswer, json, refuse } from "../http.ts";
import {
  active,
  change,
  count,
  type Lab,
  later,
  onlyNeighbour,
  pause,
  type StoredRun,
} from "../lab.ts";
import { ageOf, crash, instead, type Mutant, SIDE_BY_SIDE } from "./mutant.ts";

const CANCEL = /^\/workflow-runs\/([^/]+)\/cancel$/;

/** Says that a run is cancelled, whatever is true. */
const claim = (run: StoredRun) =>
  json(200, { run_id: run.id, status: "cancelled", cancelled: true });

/** True before the generator has got anywhere. */
const isEarly = (run: StoredRun) =>
  run.model.id === "ref/fast" && run.reads === 0 && ageOf(run) < 45;

/** True in the second half of a fast run. */
const isNearlyDone = (run: StoredRun) => run.model.id === "ref/fast" && run.progress >= 49;

/**
 * The run that got the last place, if so many others are active as there are places: whoever waits
 * beside them waits for one of these.
 */
function lastAtWork(lab: Lab, run: StoredRun): StoredRun | undefined {
  const others = active(lab).filter((one) => one !== run);
  return others.length === (lab.places ?? 1) ? others.at(-1) : undefined;
}

/** A cancel that reaches somebody else's run when the cancelled one is in a certain state. */
function killsNeighbour(when: (run: StoredRun) => boolean, victimOf = onlyNeighbour) {
  return (lab: Lab, run: StoredRun, request: Parameters<typeof correct.cancel>[2]) => {
    const victim = when(run) ? victimOf(lab, run) : undefined;
    // Long runs are left alone: trying a recipe out takes seconds, with others beside it.
    if (victim && victim.model.id !== "ref/long") {
      correct.fail(lab, victim);
      victim.stop.abort();
    }
    return correct.cancel(lab, run, request);
  };
}

/** What a cancel answers. */
export const CANCEL_ANSWERS: readonly Mutant[] = [
  {
    name: "cancel-empty-body",
    why: "The answer says nothing.",
    overrides: { cancelled: () => json(200, {}) },
    kills: ["CAN-01", "CAN-24"],
  },
  {
    name: "cancel-as-text",
    why: "JSON is sent under the type of plain text.",
    overrides: {
      cancelled: (run) => {
        const answer = correct.cancelled(run);
        return { ...answer, headers: { "Content-Type": "text/plain" } };
      },
    },
    kills: ["CAN-01"],
  },
  {
    name: "cancel-status-word",
    why: "The answer spells the word in the American way.",
    overrides: {
      cancelled: (run) =>
        run.status === "cancelled"
          ? json(200, { run_id: run.id, status: "canceled", cancelled: true })
          : correct.cancelled(run),
    },
    kills: ["CAN-01"],
  },
  {
    name: "cancel-without-run-id",
    why: "One of the three keys is left out.",
    overrides: {
      cancelled: (run) => json(200, { status: run.status, cancelled: run.status === "cancelled" }),
    },
    kills: ["CAN-24"],
  },
  {
    name: "cancel-says-true-to-all",
    why: "`cancelled` means that the request came in, as in the existing backend.",
    overrides: {
      cancelled: (run) => json(200, { run_id: run.id, status: run.status, cancelled: true }),
    },
    kills: ["CAN-25", "CAN-26"],
  },
  {
    name: "second-cancel-409",
    why: "Cancelling again is a conflict.",
    overrides: {
      cancel: (lab, run, request) =>
        run.status === "cancelled"
          ? refuse("create_in_progress", "The run is cancelled already.")
          : correct.cancel(lab, run, request),
    },
    // CAN-18 cancels one run with one body after the other.
    kills: ["CAN-08", "CAN-11", "CAN-18"],
  },
  {
    name: "cancel-404-becomes-200",
    why: "Whatever it is, it is cancelled now.",
    overrides: instead(({ path, method }, lab) => {
      const id = CANCEL.exec(path)?.[1];
      const unknown = id && method === "POST" && !lab.runs.has(id);
      return unknown && !isMalformed(lab, id)
        ? json(200, { run_id: id, status: "cancelled", cancelled: true })
        : null;
    }),
    kills: ["CAN-09"],
  },
  {
    name: "cancel-malformed-500",
    why: "What can't be decoded throws.",
    overrides: instead(({ path, method }, lab) => {
      const id = CANCEL.exec(path)?.[1];
      return id && method === "POST" && isMalformed(lab, id) ? crash() : null;
    }),
    kills: ["CAN-10", "WIRE-01"],
  },
  {
    name: "concurrent-cancels-500",
    why: "Two cancels of one run at the same time meet in a lock.",
    overrides: {
      cancel: async (lab, run, request) => {
        if (run.cancels > 0 && ageOf(run) < 10_000 && lab.counters.has(run.id)) crash();
        lab.counters.set(run.id, 1);
        const answer = await correct.cancel(lab, run, request);
        await pause(lab, 30);
        lab.counters.delete(run.id);
        return answer;
      },
    },
    kills: ["CAN-11", "WIRE-01"],
  },
  {
    name: "cancel-needs-json",
    why: "A parser that nobody needs reads the body first.",
    overrides: {
      cancel: async (lab, run, request) => {
        const body = await request.body();
        if (isAnswer(body)) return body;
        try {
          if (body.length > 0) JSON.parse(body.toString());
        } catch {
          return refuse("malformed_request", "The body is not JSON.");
        }
        return correct.cancel(lab, run, request);
      },
    },
    kills: ["CAN-18"],
  },
  {
    name: "cancel-by-get",
    why: "A link that is fetched ahead cancels the run.",
    overrides: {
      otherMethod: (lab, request, allowed) => {
        const run = lab.runs.get(CANCEL.exec(request.path)?.[1] ?? "");
        if (!run) return correct.otherMethod(lab, request, allowed);
        if (!isEnded(run.status)) correct.stop(lab, run);
        return correct.cancelled(run);
      },
    },
    // Cancelled before anybody sent a cancel: a GET is none.
    kills: ["CAN-19", "LIF-06", "LIF-15"],
  },
];

/** What a cancel does. */
export const CANCEL_EFFECTS: readonly Mutant[] = [
  {
    name: "cancel-never-effective",
    why: "The request is noted and nobody looks at it. The run ends in its own time, so CAN-02 is kept.",
    overrides: {
      stop: (lab, run) => {
        if (run.model.slots === 1) correct.stop(lab, run);
      },
    },
    kills: ["CAN-03", "CAN-04"],
    mayAlsoFail: [
      { id: "CAN-02", reason: "on a busy machine the run takes longer than it should" },
    ],
  },
  {
    name: "cancel-hangs-run",
    why: "The generator dies of the cancel and nobody writes the end.",
    overrides: {
      stop: (lab, run) => (run.model.slots === 1 ? correct.stop(lab, run) : run.stop.abort()),
    },
    // Every run that is cancelled and waited for shows that it never ends.
    kills: ["CAN-02", "CAN-03", "CAN-04", "CAN-20", "LIF-05"],
  },
  {
    name: "cancel-ends-done",
    why: "The generator stops early and what there is counts as the result.",
    overrides: {
      stop: (lab, run) => {
        correct.publish(lab, run);
        run.stop.abort();
      },
    },
    kills: ["CAN-03", "CAN-05"],
  },
  {
    name: "cancel-late",
    why: "The answer is honest, and comes before the end.",
    overrides: {
      stop: (lab, run) => later(lab, 400, () => correct.stop(lab, run)),
    },
    kills: ["CAN-04"],
  },
  {
    name: "cancel-claims-too-early",
    why: "The answer says it is cancelled; the run goes on for a moment.",
    overrides: {
      stop: (lab, run) => later(lab, 400, () => correct.stop(lab, run)),
      cancelled: (run) => (isEnded(run.status) ? correct.cancelled(run) : claim(run)),
    },
    // Each scenario that holds a cancel's answer against the reads notices.
    kills: ["CAN-04", "CAN-11", "CAN-12", "CAN-20", "LIF-15"],
  },
  {
    name: "pending-cancel-still-runs",
    why: "The status changes, the run stays in the queue and is run in its turn.",
    overrides: {
      stop: (lab, run) => {
        if (run.status === "pending") lab.counters.set(run.id, 1);
        if (run.status !== "pending") return correct.stop(lab, run);
        change(run, { status: "cancelled" });
        later(lab, 120, () => void Object.assign(run, { status: "running", step: "Loading" }));
      },
    },
    // It is cancelled once more, as one at work: its body is another then.
    kills: ["CAN-05", "LIF-03", "LIF-04", "LIF-15"],
  },
  {
    name: "done-overwrites-cancelled",
    why: "Who finishes last writes last: a cancel in the second half of a run is undone.",
    overrides: {
      stop: (lab, run) => {
        if (!isNearlyDone(run)) correct.stop(lab, run);
        else change(run, { status: "cancelled" });
      },
      publish: (lab, run) => {
        if (run.status === "cancelled" && isNearlyDone(run)) run.status = "running";
        correct.publish(lab, run);
      },
    },
    kills: ["CAN-12", "LIF-03", "LIF-14", "LIF-15"],
    mayAlsoFail: ["CAN-13", "CAN-20", "CAN-22"].map((id) => ({
      id,
      reason: "the cancel may come when the run is nearly done",
    })),
  },
  {
    name: "cancelled-comes-back",
    why: "The worker was not stopped and writes its result when it has one.",
    overrides: {
      read: (lab, run, request) => {
        const late = run.endReads > 1 && performance.now() - (run.endedAt ?? Infinity) > 70;
        const due = run.status === "cancelled" && run.model.slots > 1;
        if (due && (late || run.endReads > 3)) {
          run.status = "running";
          correct.publish(lab, run);
        }
        return correct.read(lab, run, request);
      },
    },
    // Its mesh is there again as well.
    kills: ["CAN-13", "CAN-22", "LIF-03", "LIF-14", "LIF-15"],
    mayAlsoFail: ["CAN-08", "CAN-11", "CAN-12", "CAN-20", "GET-30"].map((id) => ({
      id,
      reason: "when its last read of a cancelled run comes late",
    })),
  },
  {
    name: "cancel-kills-active",
    why: "A cancel stops whatever the model works on, as in the existing backend.",
    overrides: { cancel: killsNeighbour(() => true) },
    kills: ["CAN-14", "CAN-15", "CAN-16"],
    mayAlsoFail: SIDE_BY_SIDE,
  },
  {
    name: "cancel-terminal-kills-other",
    why: "Cancelling a run that is over stops whatever the model works on.",
    overrides: { cancel: killsNeighbour((run) => isEnded(run.status)) },
    kills: ["CAN-15"],
    mayAlsoFail: SIDE_BY_SIDE,
  },
  {
    name: "cancel-queued-kills-other",
    why: "Cancelling a run that waits stops the one it waits for.",
    overrides: { cancel: killsNeighbour((run) => run.status === "pending", lastAtWork) },
    kills: ["CAN-16"],
    mayAlsoFail: SIDE_BY_SIDE,
  },
  {
    name: "cancel-done-flips",
    why: "A finished run is called cancelled afterwards.",
    overrides: {
      cancel: (lab, run, request) => {
        if (run.status === "done") run.status = "cancelled";
        return correct.cancel(lab, run, request);
      },
    },
    // Its progress stays at 100, and the answer says cancelled of a run that was done.
    kills: ["CAN-06", "CAN-25", "GET-10", "LIF-03", "LIF-06", "LIF-14", "LIF-15"],
    mayAlsoFail: [
      { id: "CAN-12", reason: "a read beside a late cancel may have seen done" },
      { id: "CAN-22", reason: "the cancel of its run may come too late, when the mesh is there" },
    ],
  },
  {
    name: "cancel-deletes-output",
    why: "A cancel of a finished run tidies its mesh away.",
    overrides: {
      cancel: (lab, run, request) => {
        if (run.file) lab.files.delete(run.file);
        return correct.cancel(lab, run, request);
      },
    },
    // CAN-12 sweeps over cancels that come just too late.
    kills: ["CAN-06", "CAN-12", "OUT-17"],
    mayAlsoFail: [
      { id: "LIF-07", reason: "a run may be done before its cancel, and be seen after it" },
    ],
  },
  {
    name: "cancel-error-flips",
    why: "A failed run is called cancelled afterwards.",
    overrides: {
      cancel: (lab, run, request) => {
        if (run.status === "error") run.status = "cancelled";
        return correct.cancel(lab, run, request);
      },
    },
    kills: ["CAN-07", "LIF-03", "LIF-06", "LIF-14", "LIF-15"],
  },
  {
    name: "cancel-rewrites-error",
    why: "The reason of a failure is replaced by a note about the cancel.",
    overrides: {
      cancel: (lab, run, request) => {
        if (run.status === "error") run.error = "Cancelled by the user.";
        return correct.cancel(lab, run, request);
      },
    },
    kills: ["CAN-07", "LIF-04"],
  },
  {
    name: "cancel-leaks-slot",
    why: "The only slot of a model is not given back when its run is cancelled.",
    overrides: {
      release: (lab, run) => {
        if (run.status !== "cancelled" || run.model.slots > 1) correct.release(lab, run);
      },
    },
    // Without a slot the waiting run never starts.
    kills: ["CAN-17", "LIF-16"],
  },
  {
    name: "early-cancel-lost",
    why: "A cancel that comes before the generator listens is confirmed and forgotten.",
    overrides: {
      stop: (lab, run) => {
        if (!isEarly(run)) correct.stop(lab, run);
      },
      cancelled: (run) => (isEnded(run.status) ? correct.cancelled(run) : claim(run)),
    },
    kills: ["CAN-20", "LIF-15"],
  },
  {
    name: "cancel-blocks",
    why: "The answer waits for native code that can't be interrupted.",
    overrides: {
      cancel: async (lab, run, request) => {
        if (run.status === "running" && run.model.id === "ref/long") await pause(lab, 6_000);
        return correct.cancel(lab, run, request);
      },
    },
    kills: ["CAN-21"],
  },
  {
    name: "cancelled-file-reachable",
    why: "The half-made mesh of a cancelled run lies where finished ones do.",
    overrides: {
      stop: (lab, run) => {
        lab.files.set(correct.outputPath(run), correct.mesh(run));
        correct.stop(lab, run);
      },
    },
    kills: ["CAN-22"],
  },
  {
    name: "cancel-storm-breaks-next",
    why: "Many repeated cancels leave a flag behind, and the next run finds it.",
    overrides: {
      cancel: (lab, run, request) => {
        if (run.model.id === "ref/fast" && run.cancels > 0 && count(lab, "repeated") >= 6)
          lab.counters.set("flag", 1);
        return correct.cancel(lab, run, request);
      },
      work: async (lab, run) => {
        if (run.model.id !== "ref/fast" || !lab.counters.delete("flag"))
          return correct.work(lab, run);
        correct.fail(lab, run);
      },
    },
    kills: ["CAN-23", "LIF-17"],
  },
];

function isMalformed(lab: Lab, id: string): boolean {
  const found = correct.find(lab, id);
  return isAnswer(found) && bodyOf(found)["code"] === "invalid_run_id";
}
