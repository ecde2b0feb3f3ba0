import { randomUUID } from "node:crypto";

import {
  apply,
  begin,
  type Event,
  type FlowState,
  type FlowStatus,
  type Graph,
  isEnded,
  next,
} from "../engine/engine.ts";
import type { PlanStep } from "../plan/plan.ts";
import { attempt, type AttemptOutcome, type Workshop } from "./attempt.ts";
import type { FlowRun, FlowStore, Memory, Objects, StepRow } from "../ports/flow-store.ts";
import { createLease, type Holder, type Lease } from "./lease.ts";
import type { StopReason, World } from "./step.ts";

export type { Holder } from "./lease.ts";

/** What a flow run is run with. */
export interface RunFlow {
  readonly store: FlowStore;
  readonly memory: Memory;
  readonly objects: Objects;
  readonly world: World;
  readonly holder: Holder;
  /** Milliseconds before the second try of a step; 1000 if left out. */
  readonly pause?: number | undefined;
  /** Steps at once; what the plan says if left out. */
  readonly parallel?: number | undefined;
  /** Go on with what failed, was cancelled or paused. */
  readonly resume?: boolean | undefined;
  /** Leaves the flow run as it is, so that it can be gone on with. */
  readonly signal?: AbortSignal | undefined;
  /** Told what was stored, and nothing else. */
  readonly onSeen?: ((seen: Seen) => void) | undefined;
}

/** Something to be seen from outside. */
export type Seen =
  | { readonly type: "step"; readonly row: StepRow }
  | {
      readonly type: "progress";
      readonly step: string;
      readonly percent: number;
      readonly text: string;
    }
  | { readonly type: "flow"; readonly status: FlowStatus };

export type RunOutcome =
  | { readonly ok: true; readonly status: FlowStatus; readonly rows: ReadonlyMap<string, StepRow> }
  | { readonly ok: false; readonly why: string };

/**
 * Runs a flow run to its end. After a crash it goes on where the store says it was: what was recorded as done is not
 * done again, and what was under way is begun again as the same attempt.
 */
export async function runFlow(id: string, deps: RunFlow): Promise<RunOutcome> {
  const found = await deps.store.get(id);
  if (!found) return { ok: false, why: `There is no flow run ${id}.` };
  // A turn of its own: what another one of this process brings late does not count either.
  const holder = { ...deps.holder, name: `${deps.holder.name} ${randomUUID()}` };
  const lease = await createLease(deps.store, id, holder);
  if (!lease.ok) return lease;
  try {
    return await new Running(found, { ...deps, holder }, lease).toTheEnd();
  } finally {
    await lease.release();
  }
}

const EMPTY: Omit<StepRow, "step" | "state" | "mark"> = {
  outputs: null,
  error: null,
  runId: null,
  reused: null,
  seconds: null,
  startedAt: null,
  endedAt: null,
};

/** One flow run in this process. Events are recorded, then they count, one after the other. */
class Running {
  readonly #deps: RunFlow;
  readonly #id: string;
  readonly #plan: ReadonlyMap<string, PlanStep>;
  readonly #graph: Graph;
  readonly #shop: Workshop;
  readonly #lease: Lease;
  readonly #rows = new Map<string, StepRow>();
  readonly #tasks = new Map<string, { stop: AbortController; over: Promise<void> }>();
  readonly #inbox: { step: string; outcome: AttemptOutcome }[] = [];
  #state: FlowState;
  #ring: () => void = () => {};
  #rung = false;
  #fault: unknown;
  /** Somebody else holds the flow run: nothing that happens here counts any more. */
  #lost = false;

  constructor({ id, name, plan, status }: FlowRun, deps: RunFlow, lease: Lease) {
    this.#id = id;
    this.#deps = deps;
    this.#lease = lease;
    this.#plan = new Map(plan.steps.map((step) => [step.id, step]));
    this.#graph = {
      steps: plan.steps.map(({ id: step, needs, retries, ways }) => ({
        id: step,
        needs,
        retries,
        ways: ways.length,
      })),
      parallel: deps.parallel ?? plan.parallel,
      pause: deps.pause ?? 1000,
    };
    this.#state = { ...begin(this.#graph), status };
    const { memory, objects, world } = deps;
    this.#shop = { flowRun: id, flow: name, memory, objects, world, underWay: new Map() };
  }

  async toTheEnd(): Promise<RunOutcome> {
    await this.#load();
    this.#lease.onTold(() => this.#wake());
    const { signal } = this.#deps;
    const leave = () => this.#wake();
    signal?.addEventListener("abort", leave, { once: true });
    try {
      for (;;) {
        if (this.#lost || this.#lease.lost())
          return { ok: false, why: `Another process has taken over the flow run ${this.#id}.` };
        // Left as it is: whoever comes next goes on.
        if (signal?.aborted) return this.#outcome();
        await this.#heed();
        for (let mail = this.#inbox.shift(); mail; mail = this.#inbox.shift())
          await this.#settle(mail.step, mail.outcome);
        if (this.#fault !== undefined) throw this.#fault;
        if (isEnded(this.#state.status)) return this.#outcome();
        const wake = await this.#act();
        if (wake === "ended") return this.#outcome();
        await this.#rest(wake);
      }
    } finally {
      signal?.removeEventListener("abort", leave);
      for (const { stop } of this.#tasks.values()) stop.abort("leave" satisfies StopReason);
      await Promise.all([...this.#tasks.values()].map(({ over }) => over));
    }
  }

  /** The state as the rows have it. */
  async #load(): Promise<void> {
    const steps = new Map(this.#state.steps);
    for (const row of await this.#deps.store.steps(this.#id)) {
      this.#rows.set(row.step, row);
      steps.set(row.step, row.state);
    }
    this.#state = { ...this.#state, steps };
    this.#apply({ type: "recovered" });
    if (this.#deps.resume) {
      await this.#lease.forget();
      await this.#happen({ type: "resume" }, { endedAt: null });
    }
  }

  /** What somebody else wishes. */
  async #heed(): Promise<void> {
    const wish = this.#lease.wish();
    if (wish === "cancel" && this.#state.status !== "cancelling") {
      await this.#abandon();
      await this.#happen({ type: "cancel" });
    }
    if (wish === "pause" && this.#state.status === "running") await this.#happen({ type: "pause" });
  }

  /** Carries out what is to be done now. Gives the time to look again, or that it is over. */
  async #act(): Promise<number | "ended" | undefined> {
    let wake: number | undefined;
    for (const action of next(this.#graph, this.#state, Date.now())) {
      if (this.#lost) return 0;
      if (action.do === "end") {
        await this.#happen({ type: "ended", status: action.status }, { endedAt: Date.now() });
        return "ended";
      }
      if (action.do === "wake") wake = action.at;
      if (action.do === "skip") {
        const error = `It needs ${action.because}, which did not come.`;
        await this.#happen(
          { type: "skipped", step: action.step },
          { row: { error, endedAt: Date.now() } },
        );
        // Others may need it: they are told in the next round.
        wake = 0;
      }
      if (action.do === "stop")
        this.#tasks.get(action.step)?.stop.abort("cancel" satisfies StopReason);
      if (action.do === "start") await this.#start(action.step, action.attempt, action.way);
    }
    return wake;
  }

  async #start(step: string, number: number, way: number): Promise<void> {
    const { seconds = null } = this.#rows.get(step) ?? {};
    const row = { ...EMPTY, seconds, startedAt: Date.now() };
    await this.#happen({ type: "started", step, attempt: number }, { row });
    if (this.#lost) return;
    const stop = new AbortController();
    const over = attempt(this.#shop, {
      step: this.#plan.get(step)!,
      way,
      number,
      signal: stop.signal,
      outputs: (from) => this.#rows.get(from)!.outputs!,
      progress: (percent, text) => this.#deps.onSeen?.({ type: "progress", step, percent, text }),
      begun: async (runId) => {
        await this.#record(step, { runId });
      },
    }).then(
      (outcome) => void this.#inbox.push({ step, outcome }),
      (cause: unknown) => {
        this.#fault = cause;
      },
    );
    this.#tasks.set(step, { stop, over: over.then(() => this.#wake()) });
  }

  /** What came of a try. */
  async #settle(step: string, outcome: AttemptOutcome): Promise<void> {
    const stopped = this.#tasks.get(step)?.stop.signal.aborted ?? false;
    this.#tasks.delete(step);
    const endedAt = Date.now();
    const reused = (outcome.ok && outcome.reused) || null;
    const took = reused ? undefined : outcome.seconds;
    const before = this.#rows.get(step)?.seconds ?? null;
    const seconds = took === undefined ? before : (before ?? 0) + took;
    const over = { seconds, endedAt };
    if (outcome.ok) {
      const { outputs } = outcome;
      await this.#happen(
        { type: "done", step },
        { row: { ...over, outputs, reused, error: null } },
      );
    } else if (stopped) await this.#happen({ type: "stopped", step }, { row: over });
    else {
      const { why, final } = outcome;
      await this.#happen(
        { type: "failed", step, final, at: endedAt },
        { row: { ...over, error: why } },
      );
    }
  }

  /** Records an event with what came with it; only then it counts, and is told. */
  async #happen(
    event: Event,
    more: { row?: Partial<StepRow>; endedAt?: number | null } = {},
  ): Promise<void> {
    const before = this.#state;
    const after = apply(this.#graph, before, event);
    // What went wrong before is over when it is gone on with.
    const cleared = event.type === "resume" ? { error: null, endedAt: null } : {};
    const changed = [...after.steps]
      .filter(([step, state]) => state !== before.steps.get(step))
      .map(([step, state]) =>
        this.#row(step, {
          state,
          ...cleared,
          ...("step" in event && event.step === step ? more.row : {}),
        }),
      );
    const status = after.status === before.status ? {} : { status: after.status };
    const endedAt = more.endedAt === undefined ? {} : { endedAt: more.endedAt };
    const held = await this.#deps.store.record(this.#id, this.#deps.holder.name, {
      ...status,
      ...endedAt,
      steps: changed,
    });
    if (!held) {
      this.#lost = true;
      return;
    }
    this.#state = after;
    for (const row of changed) {
      this.#rows.set(row.step, row);
      this.#deps.onSeen?.({ type: "step", row });
    }
    if (after.status !== before.status) this.#deps.onSeen?.({ type: "flow", status: after.status });
  }

  /** What a process that is gone left is taken up; the rows say so when it goes on. */
  #apply(event: Event): void {
    this.#state = apply(this.#graph, this.#state, event);
  }

  async #record(step: string, about: Partial<StepRow>): Promise<void> {
    const row = this.#row(step, about);
    if (await this.#deps.store.record(this.#id, this.#deps.holder.name, { steps: [row] }))
      this.#rows.set(step, row);
  }

  #row(step: string, about: Partial<StepRow>): StepRow {
    const { mark } = this.#plan.get(step)!;
    const known = this.#rows.get(step) ?? {
      ...EMPTY,
      step,
      mark,
      state: this.#state.steps.get(step)!,
    };
    return { ...known, ...about };
  }

  #outcome(): RunOutcome {
    return { ok: true, status: this.#state.status, rows: this.#rows };
  }

  /** Stops the runs of steps that a process which is gone had begun. */
  async #abandon(): Promise<void> {
    for (const [id, { status, open }] of this.#state.steps) {
      const runId = this.#rows.get(id)?.runId;
      if (status !== "waiting" || !open || !runId) continue;
      const { way } = this.#state.steps.get(id)!;
      const name = this.#plan.get(id)!.ways[way]!.with["server"] as string | undefined;
      const client = await this.#deps.world.server(name);
      if (typeof client !== "string") await client.cancel(runId);
    }
  }

  #wake(): void {
    this.#rung = true;
    this.#ring();
  }

  /** Waits until something happens, or until a time. */
  async #rest(until: number | undefined): Promise<void> {
    if (!this.#rung)
      await new Promise<void>((resolve) => {
        const timer =
          until === undefined ? undefined : setTimeout(resolve, Math.max(0, until - Date.now()));
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#rung = false;
    this.#ring = () => {};
  }
}
