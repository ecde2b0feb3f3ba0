import type { Plan } from "@modly-runs/flows";
import { type FlowRun, type FlowStore, type Memory, type StepRow } from "@modly-runs/flows/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A store that is empty, and what takes it away. */
export interface OpenedFlows {
  readonly flows: FlowStore & Memory;
  remove(): Promise<void>;
}

const sha = (letter: string) => letter.repeat(64);
const file = (letter: string) => ({
  type: "image" as const,
  format: "png",
  sha256: sha(letter),
  bytes: 3,
});

const planOf = (name: string, given = "a"): Plan => ({
  name,
  parallel: 4,
  steps: ["one", "two"].map((id) => ({
    id,
    ways: [{ uses: "resize", with: { longest: 8 } }],
    inputs: { image: [{ value: file(given) }] },
    needs: [],
    retries: 0,
    mark: `${id}-mark`,
  })),
  outputs: [],
});

/** A flow run that nobody runs. */
export const flowRun = (id: string, more: Partial<FlowRun> = {}): FlowRun => ({
  id,
  name: "Flow",
  definition: '{"text": "ü \\u0000"}',
  plan: planOf(more.name ?? "Flow"),
  status: "running",
  createdAt: 1_700_000_000_000,
  endedAt: null,
  ...more,
});

/** A step that is done. */
export const stepRow = (step: string, more: Partial<StepRow> = {}): StepRow => ({
  step,
  state: { status: "done", attempt: 1, failures: 0, way: 0, notBefore: 0, open: false },
  mark: `${step}-mark`,
  outputs: { image: file("b"), said: { type: "text", text: "a 'quote', ü" } },
  error: null,
  runId: "run-1",
  reused: null,
  seconds: 1.25,
  startedAt: 1_700_000_000_001,
  endedAt: 1_700_000_000_002,
  ...more,
});

/** What any store of flow runs promises. */
export function describeFlowStore(name: string, open: () => Promise<OpenedFlows>): void {
  describe(`${name} as a store of flow runs`, () => {
    let opened: OpenedFlows;
    let flows: FlowStore & Memory;
    beforeEach(async () => {
      opened = await open();
      flows = opened.flows;
    });
    afterEach(() => opened.remove());
    const holderOf = async (id: string) => (await flows.hold(id))?.hold?.holder;
    const taken = async (id: string, holder = "me") => {
      await flows.create(flowRun(id));
      expect(await flows.claim(id, null, { holder, left: 60_000 })).toBe(true);
    };

    it("gives back what it was given", async () => {
      const made = flowRun("a", { name: "Täst" });
      await flows.create(made);
      expect(await flows.get("a")).toEqual(made);
      expect(await flows.get("b")).toBeUndefined();
      expect(await flows.steps("a")).toEqual([]);
      expect(await flows.hold("a")).toEqual({ hold: null, wish: null });
      expect(await flows.hold("b")).toBeUndefined();
      await expect(flows.create(made)).rejects.toThrow(/unique/i);
    });

    it("lists the latest first, with how many steps are done", async () => {
      await taken("a");
      await flows.create(flowRun("b"));
      await flows.record("a", "me", {
        steps: [
          stepRow("one"),
          stepRow("two", { state: { ...stepRow("x").state, status: "failed" } }),
        ],
      });
      const [b, a] = await flows.list(10);
      expect([b, a]).toMatchObject([
        { id: "b", steps: 2, done: 0 },
        { id: "a", steps: 2, done: 1 },
      ]);
      expect(await flows.list(1)).toEqual([b]);
    });

    it("lets one of many take a flow run, and only its holder prolong it or let go", async () => {
      await flows.create(flowRun("a"));
      const outcomes = await Promise.all(
        ["x", "y", "z"].map((holder) => flows.claim("a", null, { holder, left: 60_000 })),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const holder = (await holderOf("a"))!;
      const { left } = (await flows.hold("a"))!.hold!;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_000);
      expect(await flows.claim("a", "nobody", null)).toBe(false);
      expect(await flows.claim("a", holder, { holder, left: -1 })).toBe(true);
      expect((await flows.hold("a"))!.hold!.left).toBeLessThanOrEqual(0);
      // Taken from one that is gone; the same word again says the same.
      expect(await flows.claim("a", holder, { holder: "next", left: 1000 })).toBe(true);
      expect(await flows.claim("a", holder, { holder: "next", left: 1000 })).toBe(true);
      expect(await flows.claim("a", holder, { holder: "late", left: 1000 })).toBe(false);
      expect(await flows.claim("a", "next", null)).toBe(true);
      expect(await flows.hold("a")).toEqual({ hold: null, wish: null });
    });

    it("refuses what comes late from one who lost a flow run, and keeps the steps as they were", async () => {
      await taken("a", "first");
      const before = stepRow("one");
      expect(await flows.record("a", "first", { steps: [before] })).toBe(true);
      await flows.claim("a", "first", { holder: "second", left: 60_000 });
      const late = {
        status: "done",
        endedAt: 9,
        steps: [stepRow("one", { error: "late" })],
      } as const;
      expect(await flows.record("a", "first", late)).toBe(false);
      expect(await flows.steps("a")).toEqual([before]);
      expect(await flows.get("a")).toMatchObject({ status: "running", endedAt: null });
    });

    it("records the end and steps together, and the steps anew", async () => {
      await taken("a");
      await flows.record("a", "me", { steps: [stepRow("two", { outputs: null }), stepRow("one")] });
      const failed = stepRow("two", { error: "It broke.", outputs: null, seconds: null });
      await flows.record("a", "me", { status: "failed", endedAt: 5, steps: [failed] });
      expect(await flows.steps("a")).toEqual([stepRow("one"), failed]);
      expect(await flows.get("a")).toMatchObject({ status: "failed", endedAt: 5 });
      await flows.record("a", "me", { status: "running", endedAt: null });
      expect(await flows.get("a")).toMatchObject({ status: "running", endedAt: null });
      await flows.record("a", "me", {});
      expect(await flows.get("a")).toMatchObject({ status: "running", endedAt: null });
    });

    it("records a thousand steps in one change", async () => {
      await taken("a");
      const rows = Array.from({ length: 1001 }, (_, at) => stepRow(String(at).padStart(4, "0")));
      expect(await flows.record("a", "me", { steps: rows })).toBe(true);
      expect(await flows.steps("a")).toEqual(rows);
    });

    it("keeps a wish until it is taken back", async () => {
      await taken("a");
      await flows.wish("a", "pause");
      expect((await flows.hold("a"))!.wish).toBe("pause");
      await flows.wish("a", null);
      expect((await flows.hold("a"))!.wish).toBeNull();
    });

    it("remembers what was made, the last word first", async () => {
      await taken("a");
      expect(await flows.made("k")).toBeUndefined();
      await flows.keep("k", "a", { image: file("c") });
      await flows.keep("k", "a", { image: file("d") });
      expect(await flows.made("k")).toEqual({ image: file("d") });
    });

    it("gives a locked step what a flow of that name gave last", async () => {
      await taken("a");
      await taken("b");
      await flows.record("a", "me", { steps: [stepRow("one", { endedAt: 20 })] });
      await flows.record("b", "me", {
        steps: [stepRow("one", { endedAt: 10, outputs: { image: file("e") } })],
      });
      expect(await flows.locked("Flow", "one-mark")).toEqual(stepRow("one").outputs);
      expect(await flows.locked("Other", "one-mark")).toBeUndefined();
      expect(await flows.locked("Flow", "other-mark")).toBeUndefined();
    });

    it("knows which contents are in use, and forgets those of a flow run", async () => {
      await taken("a");
      await flows.record("a", "me", { steps: [stepRow("one")] });
      await flows.keep("k", "a", { image: file("c") });
      expect(await flows.used()).toEqual(new Set([sha("a"), sha("b"), sha("c")]));
      await flows.forget("a");
      expect(await flows.used()).toEqual(new Set());
      expect(await flows.made("k")).toBeUndefined();
      expect(await flows.locked("Flow", "one-mark")).toBeUndefined();
      expect(await flows.steps("a")).toEqual([stepRow("one", { outputs: null, mark: "" })]);
    });

    it("removes a flow run with all that belongs to it, once", async () => {
      await taken("a");
      await flows.record("a", "me", { steps: [stepRow("one")] });
      await flows.keep("k", "a", { image: file("c") });
      expect(await flows.remove("a")).toBe(true);
      expect(await flows.remove("a")).toBe(false);
      expect([await flows.steps("a"), await flows.made("k")]).toEqual([[], undefined]);
    });
  });
}
