import { type Calls, hold, NotAsked, type Target } from "./target.ts";
import { Cleanup, List, Workflow } from "./shapes.ts";

/** One thing that the neighbouring API promises. */
export interface Check {
  readonly id: string;
  readonly says: string;
  readonly run: (calls: Calls, target: Target) => Promise<void>;
}

const NONE = "00000000-0000-4000-8000-000000000000";
/** What services answer to a request that does not fit the status. */
const WRONG_STATUS = [400, 409, 422];
const WRONG_BODY = [400, 422];

/** Something of this run's own, so that lists can be narrowed to it. */
const mark = () => `check-${Math.random().toString(36).slice(2, 12)}`;
const stepsOf = (body: Record<string, unknown>) => body["steps"] as Record<string, unknown>[];

const TOO_SOON = "the slow workflow ended too soon: give a slower one";

/** Resolves when a workflow runs; one that has ended already can't be asked. */
async function running(until: Calls["until"], id: string): Promise<void> {
  const seen = await until(id, ({ status }) => status !== "PENDING", "RUNNING");
  if (seen.at(-1)!.status !== "RUNNING") throw new NotAsked(TOO_SOON);
}

/** Which status may be seen after which: observers miss some. */
const AFTER: Readonly<Record<Workflow["status"], readonly Workflow["status"][]>> = {
  PENDING: ["PENDING", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"],
  RUNNING: ["RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"],
  PAUSED: ["PAUSED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"],
  COMPLETED: ["COMPLETED"],
  FAILED: ["FAILED", "RUNNING"],
  CANCELLED: ["CANCELLED"],
};

export const CHECKS: readonly Check[] = [
  {
    id: "WF-01",
    says: "A workflow that is not to be started is PENDING, with everything that was said of it",
    async run({ create, get }, { quick }) {
      const said = {
        description: "Told",
        config: { quality: "high" },
        origin_zone: "zone",
        origin_reference: "ref",
      };
      const made = await create({ ...quick, ...said }, "?start=false");
      hold(made.status === "PENDING", `its status is ${made.status}`);
      for (const [key, value] of Object.entries({ ...said, name: quick["name"] }))
        hold(
          JSON.stringify((made as Record<string, unknown>)[key]) === JSON.stringify(value),
          `${key} is not what was said`,
        );
      hold(made.completed_steps === 0 && made.progress === 0, "it has progress before its start");
      hold(made.started_at === null && made.completed_at === null, "it has times before its start");
      hold(made.is_deleted !== true, "it is deleted from the beginning");
      const read = await get(made.id);
      hold(read.id === made.id && read.status === "PENDING", "a read says something else");
    },
  },
  {
    id: "WF-02",
    says: "Its steps are told: one for each that was written, with all fields",
    async run({ create }, { quick }) {
      const { steps = [], total_steps: total } = await create(quick, "?start=false");
      hold(steps.length === total, `total_steps is ${total}, and there are ${steps.length}`);
      for (const written of stepsOf(quick)) {
        const step = steps.find(({ step_id: id }) => id === written["id"]);
        hold(step !== undefined, `the step ${String(written["id"])} is not told`);
        hold(step.task_type === written["task_type"], `${step.step_id} has another task_type`);
        const needed = [
          ...((written["depends_on"] as string[] | undefined) ?? []),
          ...((written["input_mappings"] as { from_step: string }[] | undefined) ?? []).map(
            ({ from_step: from }) => from,
          ),
        ];
        for (const need of needed)
          hold(step.dependencies.includes(need), `${step.step_id} does not depend on ${need}`);
      }
      hold(new Set(steps.map(({ id }) => id)).size === steps.length, "two steps have the same id");
    },
  },
  {
    id: "WF-03",
    says: "A workflow is started where nothing else is said, runs, and is COMPLETED",
    async run({ create, ended }, { quick }) {
      const made = await create(quick);
      const seen = await ended(made.id);
      const end = seen.at(-1)!;
      hold(end.status === "COMPLETED", `it ended ${end.status}: ${end.error_message ?? ""}`);
      hold(end.completed_steps === end.total_steps, "not all its steps are completed");
      hold(
        end.progress === 100 || end.progress === 1,
        `its progress at the end is ${end.progress}`,
      );
      hold(Boolean(end.started_at && end.completed_at), "its times are missing");
      hold(
        Date.parse(end.started_at!) <= Date.parse(end.completed_at!),
        "it was completed before it was started",
      );
      for (const step of end.steps ?? []) {
        hold(step.status === "COMPLETED", `${step.step_id} is ${step.status}`);
        hold(Boolean(step.result), `${step.step_id} has no result`);
      }
      hold(end.errors.length === 0 && !end.error_message, "it has errors all the same");
    },
  },
  {
    id: "WF-04",
    says: "Progress never falls, and no status follows that can't",
    async run({ create, act, ended }, { quick }) {
      const made = await create(quick, "?start=false");
      const seen = [made, await act(made.id, "start"), ...(await ended(made.id))];
      for (const [at, now] of seen.entries()) {
        const before = seen[Math.max(0, at - 1)]!;
        hold(now.progress >= before.progress, `progress fell to ${now.progress}`);
        hold(now.completed_steps >= before.completed_steps, "completed_steps fell");
        hold(
          AFTER[before.status].includes(now.status),
          `${now.status} came after ${before.status}`,
        );
        hold(now.completed_steps <= now.total_steps, "more steps are completed than there are");
      }
    },
  },
  {
    id: "WF-05",
    says: "Only a workflow that is PENDING is started",
    async run({ create, ended, refused }, { quick }) {
      const { id } = await create(quick);
      await ended(id);
      await refused("POST", `/${id}/start`, WRONG_STATUS);
    },
  },
  {
    id: "WF-06",
    says: "Only a workflow that is FAILED or PAUSED is resumed",
    async run({ create, ended, refused }, { quick }) {
      const pending = await create(quick, "?start=false");
      await refused("POST", `/${pending.id}/resume`, WRONG_STATUS);
      const { id } = await create(quick);
      await ended(id);
      await refused("POST", `/${id}/resume`, WRONG_STATUS);
    },
  },
  {
    id: "WF-07",
    says: "A cancel of one that waits is CANCELLED, and stays so",
    async run({ create, cancel, get, refused }, { quick }) {
      const { id } = await create(quick, "?start=false");
      hold((await cancel(id)).status === "CANCELLED", "the answer is not CANCELLED");
      hold((await get(id)).status === "CANCELLED", "a read is not CANCELLED");
      await refused("POST", `/${id}/start`, WRONG_STATUS);
      await refused("DELETE", `/${id}`, WRONG_STATUS);
    },
  },
  {
    id: "WF-08",
    says: "A cancel of one that runs stops its tasks",
    async run({ create, cancel, until }, { slow }) {
      const { id } = await create(slow);
      await running(until, id);
      hold((await cancel(id)).status === "CANCELLED", "the answer is not CANCELLED");
      const seen = await until(
        id,
        ({ steps = [] }) => steps.every(({ status }) => status !== "RUNNING"),
        "rid of its running tasks",
      );
      hold(
        seen.every(({ status }) => status === "CANCELLED"),
        "it is something else later",
      );
    },
  },
  {
    id: "WF-09",
    says: "A paused workflow is PAUSED, and RUNNING after a resume",
    async run({ create, call, act, cancel, get, until }, { slow }) {
      const { id } = await create(slow);
      await running(until, id);
      const { status, body } = await call("POST", `/${id}/pause`);
      if (status === 404 || status === 405) {
        await cancel(id);
        throw new NotAsked("the service has no /pause");
      }
      hold((body as Workflow).status === "PAUSED", `a pause answers ${(body as Workflow).status}`);
      const rested = await get(id);
      if (rested.status !== "PAUSED") throw new NotAsked(TOO_SOON);
      hold((await act(id, "resume")).status === "RUNNING", "a resume does not answer RUNNING");
      await cancel(id);
    },
  },
  {
    id: "WF-10",
    says: "A name, a description and a webhook's address can be changed, and nothing else changes with them",
    async run({ create, given, get }, { quick }) {
      const made = await create({ ...quick, description: "Old" }, "?start=false");
      await given(Workflow, "PATCH", `/${made.id}`, { name: "New" });
      const named = await get(made.id);
      hold(named.name === "New", "the name is the old one");
      hold(named.description === "Old", "the description has changed with the name");
      await given(Workflow, "PATCH", `/${made.id}`, { description: "New too" });
      const described = await get(made.id);
      hold(described.description === "New too", "the description is the old one");
      hold(described.name === "New", "the name has changed with the description");
      hold(described.status === made.status, "the status has changed with them");
    },
  },
  {
    id: "WF-11",
    says: "A list has the newest first, pages, and the total of all",
    async run({ create, given }, { quick }) {
      const instance = mark();
      const made: string[] = [];
      for (let nth = 0; nth < 3; nth++)
        made.unshift((await create({ ...quick, origin_instance: instance }, "?start=false")).id);
      const ids = async (query: string) => {
        const list = await given(List, "GET", `/?origin_instance=${instance}${query}`);
        hold(list.total === 3, `total is ${list.total}, and there are 3`);
        return list.workflows.map(({ id }) => id).join();
      };
      hold((await ids("")) === made.join(), "the order is not from the newest to the oldest");
      hold((await ids("&skip=1&limit=1")) === made[1], "skip=1&limit=1 is not the second");
      hold((await ids("&skip=3")) === "", "there is more after the last");
    },
  },
  {
    id: "WF-12",
    says: "A list is narrowed by status and by tenant",
    async run({ create, cancel, given }, { quick }) {
      const instance = mark();
      const tenant = mark();
      const one = await create({ ...quick, origin_instance: instance }, "?start=false");
      await cancel(one.id);
      const made = await create(
        { ...quick, origin_instance: instance, origin_tenant_id: tenant },
        "?start=false",
      );
      const ids = async (query: string) =>
        (await given(List, "GET", `/?origin_instance=${instance}&${query}`)).workflows
          .map(({ id }) => id)
          .join();
      hold((await ids("status=CANCELLED")) === one.id, "status=CANCELLED is not the one");
      hold((await ids("status=PENDING")) === made.id, "status=PENDING is not the one");
      hold((await ids(`origin_tenant_id=${tenant}`)) === made.id, "the tenant's is not the one");
    },
  },
  {
    id: "WF-13",
    says: "A cleanup marks a workflow as deleted, reports, and takes it out of the list",
    async run({ create, ended, given, get }, { quick }) {
      const instance = mark();
      const { id } = await create({ ...quick, origin_instance: instance });
      const total = (await ended(id)).at(-1)!.total_steps;
      const { workflow, cleanup } = await given(Cleanup, "POST", `/${id}/cleanup`);
      hold(workflow.is_deleted === true && Boolean(workflow.deleted_at), "it is not deleted");
      hold(cleanup.tasks_processed <= total, "more tasks are processed than there are");
      hold(
        cleanup.tasks_cleaned + cleanup.errors.length >= cleanup.tasks_processed,
        "a task is neither cleaned nor among the errors",
      );
      const listed = async (query: string) =>
        (await given(List, "GET", `/?origin_instance=${instance}${query}`)).total;
      hold((await listed("")) === 0, "it is still in the list");
      hold((await listed("&include_deleted=true")) === 1, "include_deleted does not show it");
      hold((await get(id)).is_deleted === true, "a read does not say that it is deleted");
    },
  },
  {
    id: "WF-14",
    says: "A workflow that is not there is a 404",
    async run({ refused }) {
      await refused("GET", `/${NONE}`, [404]);
      await refused("DELETE", `/${NONE}`, [404]);
      for (const what of ["start", "resume", "cleanup"])
        await refused("POST", `/${NONE}/${what}`, [404]);
    },
  },
  {
    id: "WF-15",
    says: "A definition that can't be run is refused before anything is made",
    async run({ refused, given }, { quick }) {
      const instance = mark();
      const base = { ...quick, origin_instance: instance };
      const [first, ...others] = stepsOf(quick);
      const wrong: Record<string, unknown>[] = [
        { ...base, name: undefined },
        { ...base, name: "" },
        { ...base, name: "x".repeat(256) },
        { ...base, steps: undefined },
        { ...base, steps: [] },
        { ...base, origin_instance: undefined },
        { ...base, steps: [{ ...first, id: undefined }, ...others] },
        { ...base, steps: [{ ...first, task_type: "NOTHING" }, ...others] },
        { ...base, steps: [{ ...first, depends_on: ["nowhere"] }, ...others] },
        { ...base, steps: [{ ...first, depends_on: [first!["id"]] }, ...others] },
        { ...base, steps: [first, first] },
      ];
      for (const body of wrong) await refused("POST", "/?start=false", WRONG_BODY, body);
      const { total } = await given(List, "GET", `/?origin_instance=${instance}`);
      hold(total === 0, `${total} of them were made all the same`);
    },
  },
  {
    id: "WF-16",
    says: "Nobody gets in without the token",
    async run({ call }, { token }) {
      if (!token) throw new NotAsked("no token was given");
      for (const other of ["", `${token}x`]) {
        const { status } = await call("GET", "/", undefined, other);
        hold(status === 401 || status === 403, `a list without the token answers ${status}`);
      }
    },
  },
];
