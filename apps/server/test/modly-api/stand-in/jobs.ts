import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Bug } from "./bugs.ts";
import { triangle } from "./mesh.ts";
import { MODELS, modelOf, type ModelId } from "./models.ts";
import { canBeOpened } from "./picture.ts";

type Status = "pending" | "running" | "done" | "error" | "cancelled";

export interface Job {
  readonly job_id: string;
  status: Status;
  progress: number;
  step: string | null;
  output_url: string | null;
  error: string | null;
}

/** A job with what its model process needs to know. */
interface Work {
  readonly job: Job;
  readonly model: ModelId;
  readonly collection: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly image: Buffer;
  readonly sha256: string;
  timer?: NodeJS.Timeout;
}

interface Submission {
  readonly model: ModelId;
  readonly collection: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly image: Buffer;
}

const FREEZE_MS = 1_500;
const HAUNTED_LOOKS = 8;

/** What processes that were killed while they started may have left to be read. */
const STALE = [
  "[stand-in] Subprocess died unexpectedly",
  "[stand-in] Unexpected response to load: {'type': 'ready', 'params_schema': []}",
  "[stand-in] Subprocess died unexpectedly",
  "[stand-in] Expected 'ready', got: {'type': 'loaded'}",
  "[stand-in] Subprocess died unexpectedly",
];

/** Odd as it was seen: back from 2 to 0, a fraction, more than a hundred, and up and down from then on. */
function oddProgress(step: number): number {
  return [2, 0, 33.3][step - 1] ?? (step % 2 ? 240.5 : 250);
}

function traceback(message: string): string {
  return [
    "Traceback (most recent call last):",
    '  File "/home/someone/Modly/resources/api/routers/generation.py", line 187, in _run',
    "    output_path = gen.generate(image_bytes, params, progress_cb, cancel_event)",
    '  File "/home/someone/.modly/extensions/stand-in/generator.py", line 41, in generate',
    `    raise RuntimeError("${message}")`,
    `RuntimeError: ${message}`,
  ].join("\n");
}

const number = (value: unknown, otherwise: number) =>
  typeof value === "number" && value > 0 ? value : otherwise;

/** Modly's jobs: in memory, forgotten with the process, served by one process for each model. */
export function createJobs({ bugs, workspace }: { bugs: ReadonlySet<Bug>; workspace: string }) {
  const threads = bugs.has("resultsSwap") || bugs.has("answersTaken") ? 4 : 1;
  const jobs = new Map<string, Work>();
  const serving = new Map<ModelId, Work[]>();
  let waiting: Work[] = [];
  let active: ModelId = Object.keys(MODELS)[0] as ModelId;
  let frozenUntil = 0;
  const poisoned = new Map<ModelId, string[]>();
  const looks = new Map<Job, number>();
  /** Jobs of which nothing is heard any more. */
  const unheard = new Set<Job>();

  const busy = () => [...serving.values()].reduce((sum, list) => sum + list.length, 0);

  function startWaiting(): void {
    while (waiting.length > 0 && busy() < threads) {
      const next = waiting.shift() as Work;
      execute(next, bugs.has("waitersRunElsewhere") ? active : next.model);
    }
  }

  function execute(work: Work, model: ModelId): void {
    const { job, params } = work;
    const { steps, stepMs, name } = modelOf(model);
    const beside = serving.get(model) ?? [];
    serving.set(model, [...beside, work]);
    if (bugs.has("answersTaken")) for (const other of beside) unheard.add(other.job);
    job.status = "running";
    job.step = `Loading ${name}…`;
    const total = number(params["steps"], steps);
    let step = 0;
    const stale = poisoned.get(model)?.shift();
    const tick = () => {
      step += 1;
      if (unheard.has(job)) return;
      if (stale !== undefined && job.status === "running") {
        fail(job, stale);
        return finish(work, model);
      }
      // A job that got another one's result has ended, while the process still computes its own.
      const goesOn = job.status === "cancelled" && bugs.has("ignoresCancel");
      if (job.status === "running" || goesOn) {
        const even = Math.floor((step / (total + 1)) * 100);
        job.progress = bugs.has("oddProgress") ? oddProgress(step) : even;
        job.step = `Step ${step} of ${total}`;
      }
      if (step < total) work.timer = setTimeout(tick, number(params["step_ms"], stepMs));
      else finish(work, model);
    };
    work.timer = setTimeout(tick, number(params["step_ms"], stepMs));
  }

  /** The process hands its result to whoever asked last: with one job at a time, that is the right one. */
  function finish(work: Work, model: ModelId): void {
    const present = serving.get(model) ?? [];
    const receiver = bugs.has("resultsSwap") ? (present.at(-1) ?? work) : work;
    serving.set(
      model,
      present.filter((other) => other !== receiver),
    );
    if (receiver.job.status === "running") conclude(receiver.job, work, model);
    startWaiting();
  }

  function conclude(job: Job, made: Work, model: ModelId): void {
    const { end, fingerprint } = modelOf(model);
    const wanted = made.params["end"] || end;
    if (!canBeOpened(made.image)) return fail(job, "cannot identify image file");
    if (wanted === "error") return fail(job, "the mesh is empty");
    const name = `${fingerprint ? made.sha256 : Date.now()}_${randomUUID().slice(0, 8)}.glb`;
    job.output_url = `/workspace/${made.collection}/${name}`;
    job.progress = 100;
    job.status = "done";
    if (wanted === "no-file") return;
    mkdirSync(path.join(workspace, made.collection), { recursive: true });
    writeFileSync(path.join(workspace, made.collection, name), triangle(made.sha256));
  }

  function fail(job: Job, message: string): void {
    job.status = "error";
    job.error = bugs.has("tracebacks") ? traceback(message) : message;
  }

  /** What it serves ends in an error, unless it was cancelled before. */
  function kill(model: ModelId): void {
    for (const work of serving.get(model) ?? []) {
      clearTimeout(work.timer);
      if (work.job.status === "running") fail(work.job, "the extension process ended");
    }
    serving.delete(model);
    startWaiting();
  }

  /** The bar of a cancelled job is a little further at each of the next looks: on any machine the same. */
  function haunted(job: Job): Job {
    const seen = { ...job };
    const before = looks.get(job) ?? 0;
    if (job.status === "cancelled" && job.progress < 99 && before < HAUNTED_LOOKS) {
      looks.set(job, before + 1);
      job.progress += 1;
    }
    return seen;
  }

  return {
    /** Resolves when the API answers again: at once, unless a switch has frozen it. */
    async thaw(): Promise<void> {
      const left = frozenUntil - Date.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    },

    activeModel: () => active,

    switchTo(model: ModelId): void {
      if (model === active) return;
      const served = serving.get(active) ?? [];
      if (served.length > 0 && bugs.has("switchFreezes")) {
        frozenUntil = Date.now() + FREEZE_MS;
        for (const work of served) clearTimeout(work.timer);
      }
      active = model;
    },

    submit(submission: Submission): { job: Job; sha256: string } {
      const job: Job = {
        job_id: randomUUID(),
        status: bugs.has("waitersRunElsewhere") ? "running" : "pending",
        progress: 0,
        step: null,
        output_url: null,
        error: null,
      };
      const sha256 = createHash("sha256").update(submission.image).digest("hex");
      const work = { ...submission, job, sha256 };
      jobs.set(job.job_id, work);
      waiting.push(work);
      if (waiting.length === 1 && busy() < threads) {
        waiting = [];
        execute(work, work.model);
      }
      return { job, sha256 };
    },

    read(id: string): Job | undefined {
      const job = jobs.get(id)?.job;
      return job && bugs.has("progressAfterCancel") ? haunted(job) : job;
    },

    cancel(id: string): boolean {
      const work = jobs.get(id);
      if (!work) return false;
      const { job, model } = work;
      const begun = !waiting.includes(work);
      waiting = waiting.filter((other) => other !== work);
      const was = job.status;
      if (was === "pending" || was === "running") job.status = "cancelled";
      if (bugs.has("cancelPoisons") && was === "running" && begun) poisoned.set(model, [...STALE]);
      if (bugs.has("ignoresCancel") && was === "running" && begun) return true;
      if (bugs.has("cancelKillsActive")) kill(active);
      else if (was === "running" && begun) kill(model);
      return true;
    },

    /** Ends every timer: nothing is written any more. */
    stop(): void {
      waiting = [];
      for (const { timer } of jobs.values()) clearTimeout(timer);
    },

    /** For the tests: every job, and whether its model process still works on it. */
    all: () => {
      const served = new Set([...serving.values()].flat());
      return [...jobs.values()].map((work) => ({
        ...work.job,
        sha256: work.sha256,
        model: work.model,
        working: served.has(work) || waiting.includes(work),
      }));
    },
  };
}
