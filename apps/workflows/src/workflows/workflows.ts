import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

import type { FieldError } from "@modly-runs/contract";
import type { FileValue, Plan } from "@modly-runs/flows";
import { createFlowRun } from "@modly-runs/flows/ports";

import { refusalOf, REQUESTS, type WorkflowRequest } from "../contract/lifecycle.ts";
import type {
  CleanupReport,
  CreateWorkflow,
  TaskStep,
  Workflow,
  WorkflowUpdate,
} from "../contract/workflow.ts";
import type { Seen } from "../crew/messages.ts";
import { flowNameOf } from "../crew/scoped.ts";
import { fetchFiles, type Fetching } from "../definition/files.ts";
import { readWorkflow } from "../definition/read.ts";
import type { Log } from "../log.ts";
import type {
  Earlier,
  Filter,
  Idempotency,
  WorkflowRow,
  WorkflowStore,
} from "../stores/workflow-store.ts";
import { type Announce, stepEvents, workflowEvent } from "../webhooks/events.ts";
import type { Changes } from "./changes.ts";
import { type CleanupDeps, cleanUp, nothingCleaned } from "./cleanup.ts";
import type { Keeper } from "./keeper.ts";
import { errorsOf, fileUrl, viewOf } from "./view.ts";

export interface WorkflowsDeps extends CleanupDeps {
  readonly store: WorkflowStore;
  readonly changes: Changes;
  readonly log: Log;
  readonly announce: Announce;
  readonly fetching: Fetching;
  readonly providers: readonly string[];
  /** Workflows that may run or wait; more are refused. */
  readonly mostRunning: number;
}

/** Why something was not done. */
export type Refusal =
  | { readonly ok: false; readonly reason: "not_found" | "too_many" | "mismatch" }
  | { readonly ok: false; readonly reason: "wrong_status"; readonly why: string }
  | {
      readonly ok: false;
      readonly reason: "invalid" | "unreachable";
      readonly errors: readonly FieldError[];
    };
export type Answer<T> = { readonly ok: true; readonly value: T } | Refusal;

/** Milliseconds that a cancel or a pause waits until whoever is at work has heard of it. */
const STOPPING = 10_000;
/** How often it is looked whether that is so, ms. */
const LOOK = 50;
/** Plans that are remembered; a plan never changes. */
const PLANS = 64;

const notFound: Refusal = { ok: false, reason: "not_found" };

/** The life of workflows: with the keeper, the only place where a status changes. */
export function createWorkflows(deps: WorkflowsDeps) {
  const { store, flows, changes, log, announce, fetching, providers, mostRunning } = deps;
  const plans = new Map<string, Plan>();
  let keeper: Pick<Keeper, "wake"> | undefined;

  async function planOf(id: string): Promise<Plan> {
    const known = plans.get(id) ?? (await flows.get(id))!.plan;
    plans.delete(id);
    plans.set(id, known);
    for (const [oldest] of plans) if (plans.size > PLANS) plans.delete(oldest);
    return known;
  }
  const view = async (row: WorkflowRow): Promise<Workflow> =>
    viewOf(row, await planOf(row.id), await flows.steps(row.id));

  /** A workflow that this tenant may know of; null: nobody asks whose it is. */
  async function find(id: string, tenant: string | null): Promise<WorkflowRow | undefined> {
    const row = await store.get(id);
    return row && (tenant === null || row.tenant === tenant) ? row : undefined;
  }

  /** The workflow of an earlier create, if it was the same. */
  async function repeated(
    { id, digest }: Earlier,
    idempotency: Idempotency,
  ): Promise<Answer<Workflow>> {
    if (digest !== idempotency.digest) return { ok: false, reason: "mismatch" };
    return { ok: true, value: await view((await store.get(id))!) };
  }

  async function request(row: WorkflowRow, what: WorkflowRequest): Promise<Answer<WorkflowRow>> {
    const why = refusalOf(what, row.status);
    if (why !== undefined) return { ok: false, reason: "wrong_status", why };
    if (what === "start" && (await store.running()) >= mostRunning)
      return { ok: false, reason: "too_many" };
    const now = Date.now();
    const status = REQUESTS[what].to;
    const end = row.status === "FAILED" ? ((await flows.get(row.id))?.endedAt ?? null) : null;
    const change = {
      status,
      settled: false,
      ...(what === "start" ? { startedAt: now } : {}),
      ...(what === "resume" ? { resumedFrom: end, errors: [], completedAt: null } : {}),
      ...(what === "cancel" ? { completedAt: now } : {}),
    };
    const after = { ...row, ...change };
    const event = await workflowEvent(after, what, () => view(after));
    const changed = await store.change(row, change, event);
    // Somebody else was quicker: what may be done is decided anew.
    if (!changed) return request((await store.get(row.id))!, what);
    changes.publish(row.id);
    announce();
    await keeper?.wake(changed);
    return { ok: true, value: changed };
  }

  async function until(is: () => Promise<boolean>): Promise<void> {
    for (const since = Date.now(); Date.now() - since < STOPPING; await wait(LOOK))
      if (await is()) return;
  }
  /** Resolves when nobody is at work for it any more, or the time is up. */
  const settled = (id: string) => until(async () => (await store.get(id))?.settled !== false);
  /** Resolves when whoever runs it knows that it is paused: after the answer no further step begins. */
  const heard = (id: string) =>
    until(async () => {
      if ((await store.get(id))?.status !== "PAUSED") return true;
      const held = (await flows.hold(id))?.hold;
      return !held || held.left <= 0 || (await flows.get(id))?.status !== "running";
    });

  /** Webhooks for the steps that are over. What a crash kept from being told is told with the next one. */
  async function tellSteps(id: string): Promise<void> {
    const row = await store.get(id);
    if (!row || row.webhookUrl === null || row.body.suppress_subtask_events) return;
    await store.add(stepEvents(row, (await view(row)).steps));
    announce();
  }

  return {
    /** Who brings flow runs to where the rows say. */
    attend(by: Pick<Keeper, "wake">) {
      keeper = by;
    },

    /**
     * Makes a workflow; one that was made under the same key before is given as it is now.
     *
     * @param gone is aborted when nobody waits any more: no more files are fetched then
     */
    async create(
      body: CreateWorkflow,
      tenant: string,
      start: boolean,
      idempotency: Idempotency | undefined,
      gone: AbortSignal,
    ): Promise<Answer<Workflow>> {
      // Before anything that may have changed since.
      const before = idempotency && (await store.earlier(tenant, idempotency.key));
      if (before) return repeated(before, idempotency);
      const read = readWorkflow(body, providers);
      if (!read.ok) return { ok: false, reason: "invalid", errors: read.errors };
      if (start && (await store.running()) >= mostRunning) return { ok: false, reason: "too_many" };
      const fetched = await fetchFiles(read.value.files, fetching, gone);
      if (!fetched.ok) return { ok: false, reason: "unreachable", errors: fetched.errors };
      const planned = read.value.plan(fetched.value.given);
      if (!planned.ok) return { ok: false, reason: "invalid", errors: planned.errors };
      const now = Date.now();
      const plan = { ...planned.value, name: flowNameOf(tenant, body.name) };
      const definition = JSON.stringify(read.value.definition);
      const { id } = await createFlowRun({ store: flows, id: randomUUID(), definition, plan, now });
      const row: WorkflowRow = {
        id,
        tenant,
        name: body.name,
        description: body.description ?? null,
        webhookUrl: body.webhook_url ?? null,
        status: "PENDING",
        settled: true,
        revision: 1,
        resumedFrom: null,
        errors: [],
        body: withoutBytes(body, id, fetched.value.byAddress),
        createdAt: now,
        updatedAt: now,
        startedAt: null,
        completedAt: null,
        deletedAt: null,
      };
      // One commit: a workflow that was to be started is never found unstarted.
      const begun: WorkflowRow = start
        ? { ...row, status: "RUNNING", settled: false, startedAt: now }
        : row;
      const event = start ? await workflowEvent(begun, "start", () => view(begun)) : [];
      const other = await store.create(begun, event, idempotency);
      if (other) {
        // Another create under this key was quicker.
        await flows.remove(id);
        return repeated(other, idempotency!);
      }
      if (start) {
        announce();
        await keeper?.wake(begun);
      }
      return { ok: true, value: await view(begun) };
    },

    find,
    view,

    async list(filter: Filter): Promise<{ workflows: Workflow[]; total: number }> {
      const { rows, total } = await store.list(filter);
      return { workflows: await Promise.all(rows.map(view)), total };
    },

    async update(
      id: string,
      tenant: string | null,
      { name, description, webhook_url: webhookUrl }: WorkflowUpdate,
    ): Promise<Answer<Workflow>> {
      for (;;) {
        const row = await find(id, tenant);
        if (!row) return notFound;
        const changed = await store.change(row, {
          ...(name ? { name } : {}),
          ...(description === undefined ? {} : { description }),
          ...(webhookUrl === undefined ? {} : { webhookUrl }),
        });
        if (!changed) continue;
        changes.publish(id);
        return { ok: true, value: await view(changed) };
      }
    },

    async request(
      id: string,
      tenant: string | null,
      what: WorkflowRequest,
    ): Promise<Answer<Workflow>> {
      const row = await find(id, tenant);
      if (!row) return notFound;
      if (row.deletedAt !== null)
        return {
          ok: false,
          reason: "wrong_status",
          why: "The workflow was cleaned up: it can only be looked at.",
        };
      const done = await request(row, what);
      if (!done.ok) return done;
      // Who cancels may take the answer for the end of the work.
      if (what === "cancel") await settled(id);
      if (what === "pause") await heard(id);
      return { ok: true, value: await view((await store.get(id))!) };
    },

    /** Marks it as deleted; with `files`, what it was given and what came of it is removed where nobody else has it. */
    async cleanup(
      id: string,
      tenant: string | null,
      files: boolean,
    ): Promise<Answer<{ workflow: Workflow; cleanup: CleanupReport }>> {
      const row = await find(id, tenant);
      if (!row) return notFound;
      const why = `The workflow is ${row.status}. Cancel it before it is cleaned up.`;
      if (row.status === "RUNNING" || row.status === "PAUSED")
        return { ok: false, reason: "wrong_status", why };
      const deleted = row.deletedAt ? row : await store.change(row, { deletedAt: Date.now() });
      // It was started meanwhile.
      if (!deleted) return this.cleanup(id, tenant, files);
      await settled(id);
      const cleanup = files ? await cleanUp(deps, id) : nothingCleaned;
      changes.publish(id);
      return { ok: true, value: { workflow: await view(deleted), cleanup } };
    },

    /** A step's change was stored by whoever does it. */
    seen({ id, status }: Seen): void {
      changes.publish(id);
      if (status === "waiting" || status === "running") return;
      tellSteps(id).catch((cause: unknown) =>
        log.error({ err: cause, workflow: id }, "steps can't be told"),
      );
    },

    /** Stores the end that its flow run came to. */
    async end(row: WorkflowRow, status: "COMPLETED" | "FAILED", why?: string): Promise<void> {
      await tellSteps(row.id);
      const rows = await flows.steps(row.id);
      const errors = status === "FAILED" ? [...(why ? [why] : []), ...errorsOf(rows)] : [];
      const change = { status, settled: true, errors, completedAt: Date.now() };
      const after = { ...row, ...change };
      const event = await workflowEvent(after, "end", () => view(after));
      if (!(await store.change(row, change, event))) return;
      changes.publish(row.id);
      announce();
    },
  };
}

export type Workflows = ReturnType<typeof createWorkflows>;

/** A body whose `data:` files are addresses of this service: they are kept once, and not in each answer. */
function withoutBytes(
  body: CreateWorkflow,
  id: string,
  files: ReadonlyMap<string, FileValue>,
): CreateWorkflow {
  const short = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(short);
    const file = typeof value === "string" && value.startsWith("data:") && files.get(value);
    return file ? fileUrl(id, file) : value;
  };
  const configOf = (config: object) =>
    Object.fromEntries(Object.entries(config).map(([name, value]) => [name, short(value)]));
  const stepOf = <S extends TaskStep>(step: S): S => ({ ...step, config: configOf(step.config) });
  return {
    ...body,
    steps: body.steps.map((step) =>
      step.task_type === "EACH" ? { ...stepOf(step), steps: step.steps.map(stepOf) } : stepOf(step),
    ),
  };
}
