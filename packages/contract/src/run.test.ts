import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  CancelAnswer,
  CreateAnswer,
  isAddressOf,
  Run,
  RunId,
  StrictCancelAnswer,
  StrictRun,
} from "./run.ts";

const nothing = { output_url: null, error: null, scene_candidate: null };
const added = {
  model_id: "a/b",
  created_at: "2026-01-02T03:04:05.678Z",
  started_at: null,
  finished_at: null,
  queue_position: null,
};
const mesh = {
  output_url: "/workspace/Default/a.glb",
  scene_candidate: { workspace_path: "Default/a.glb" },
};
const run = (status: string, more: object) => ({
  ...{ run_id: "r", status, progress: 0, step: null, ...nothing },
  ...added,
  ...more,
});
/** One body of each status, as our server sends it. */
const LIVES = {
  pending: run("pending", {}),
  running: run("running", { progress: 42, step: "Meshing" }),
  done: run("done", { progress: 100, step: "Completed", ...mesh }),
  error: run("error", { progress: 7, step: "Meshing", error: "No." }),
  cancelled: run("cancelled", { progress: 12, step: "Meshing" }),
};
type Word = keyof typeof LIVES;
const WORDS = Object.keys(LIVES) as Word[];

describe("a run as our server sends it", () => {
  test.each(WORDS)("%s", (word) => expect(StrictRun.parse(LIVES[word])).toEqual(LIVES[word]));

  /** What may be put into a body of a status, and what may not. */
  const PLACED: Readonly<
    Record<string, readonly [key: string, value: unknown, of: readonly Word[]][]>
  > = {
    progress: [
      ["progress", 0, ["pending", "running", "error", "cancelled"]],
      ["progress", 1, ["running", "error", "cancelled"]],
      ["progress", 99, ["running", "error", "cancelled"]],
      ["progress", 100, ["done"]],
      ["progress", 0.5, []],
      ["progress", -1, []],
      ["progress", 101, []],
    ],
    step: [
      ["step", null, ["pending", "cancelled"]],
      ["step", "Meshing", ["pending", "running", "error", "cancelled"]],
      ["step", "Completed", WORDS],
      ["step", "", []],
      ["step", 3, []],
    ],
    error: [
      ["error", null, ["pending", "running", "done", "cancelled"]],
      ["error", "No.", ["error"]],
      ["error", "", []],
    ],
    output_url: [
      ["output_url", "/workspace/Default/a.glb", ["done"]],
      ["output_url", null, ["pending", "running", "error", "cancelled"]],
      ["output_url", "/workspace/", []],
      ["output_url", "/elsewhere/Default/a.glb", []],
      ["output_url", "http://a/workspace/Default/a.glb", []],
    ],
    scene_candidate: [
      ["scene_candidate", { workspace_path: "Default/a.glb" }, ["done"]],
      ["scene_candidate", { workspace_path: "Default/a.glb", more: 1 }, ["done"]],
      ["scene_candidate", null, ["pending", "running", "error", "cancelled"]],
      ["scene_candidate", {}, []],
      ["scene_candidate", { workspace_path: "" }, []],
    ],
    additions: [
      ["model_id", 3, []],
      ["model_id", undefined, []],
      ["created_at", "yesterday", []],
      ["created_at", null, []],
      ["started_at", added.created_at, WORDS],
      ["started_at", "yesterday", []],
      ["finished_at", added.created_at, WORDS],
      ["finished_at", "yesterday", []],
      ["queue_position", 0, WORDS],
      ["queue_position", -1, []],
      ["queue_position", 0.5, []],
      ["queue_position", undefined, []],
    ],
    others: [
      ["run_id", "a/b", []],
      ["later", true, WORDS],
      ["status", "canceled", []],
    ],
  };
  const cases = Object.values(PLACED).flat();
  test.each(cases)("with %s %j it is one only if it is %j", (key, value, of) => {
    const good = WORDS.filter(
      (word) => StrictRun.safeParse({ ...LIVES[word], [key]: value }).success,
    );
    expect(good).toEqual(of);
  });

  test.each([
    ["that can't be written in a URL's path", "/workspace/a\\b", "a\\b"],
    ["whose beginning is encoded", "%2Fworkspace/workspace/a", "workspace/a"],
    ["that is a number", "/workspace/3", 3],
  ])("a mesh with an address %s is none", (_, output_url, workspace_path) => {
    const odd = { output_url, scene_candidate: { workspace_path } };
    expect(StrictRun.safeParse({ ...LIVES.done, ...odd }).success).toBe(false);
  });
});

describe("a run of any server", () => {
  const seven = (word: Word) => {
    const { run_id, status, progress, step, output_url, error, scene_candidate } = LIVES[word] as {
      [K in keyof typeof LIVES.done]: unknown;
    };
    return { run_id, status, progress, step, output_url, error, scene_candidate };
  };

  test.each(WORDS)("%s with the seven keys alone, and with more", (word) => {
    expect(Run.parse(seven(word))).toEqual(seven(word));
    expect(Run.parse({ ...LIVES[word], later: 1 })).toEqual({ ...LIVES[word], later: 1 });
  });

  test.each(WORDS)("%s with any step", (word) => {
    for (const step of [null, "", "Anything"])
      expect(Run.safeParse({ ...seven(word), step }).success).toBe(true);
    for (const step of [3, undefined])
      expect(Run.safeParse({ ...seven(word), step }).success).toBe(false);
  });

  test.each(WORDS)("%s with any whole percentage, unless it is done", (word) => {
    const taken = [-1, 0, 0.5, 100, 101].filter(
      (progress) => Run.safeParse({ ...seven(word), progress }).success,
    );
    expect(taken).toEqual(word === "done" ? [100] : [0, 100]);
  });

  test("cancelled may have a text for an error, and what only ended or goes on may not", () => {
    const taken = WORDS.filter((word) => Run.safeParse({ ...seven(word), error: "No." }).success);
    expect(taken).toEqual(["error", "cancelled"]);
    expect(Run.safeParse({ ...seven("cancelled"), error: 3 }).success).toBe(false);
  });

  test("what is wrong between two fields is told at its place", () => {
    const other = { scene_candidate: { workspace_path: "Default/b.glb" } };
    for (const schema of [Run, StrictRun])
      expect(schema.safeParse({ ...LIVES.done, ...other }).error?.issues).toMatchObject([
        {
          message: "must be output_url without /workspace/, decoded",
          path: ["scene_candidate", "workspace_path"],
        },
      ]);
  });
});

test("an address is that of its path, encoded or not, and of no other", () => {
  const path = fc
    .array(fc.string({ minLength: 1 }), { minLength: 1 })
    .map((names) => names.join("/"));
  fc.assert(
    fc.property(path, (path) => {
      expect(isAddressOf(path.split("/").map(encodeURIComponent).join("/"), path)).toBe(true);
      expect(isAddressOf(path, path)).toBe(true);
      expect(isAddressOf(`${path}x`, path)).toBe(false);
    }),
  );
  expect(isAddressOf("%zz", "z")).toBe(false);
});

test.each([
  ["a", true],
  ["A-Z._~09", true],
  ["a".repeat(128), true],
  ["a".repeat(129), false],
  ["", false],
  ["a b", false],
  [" a", false],
  ["a\n", false],
  ["a%20", false],
])("%j is an id: %s", (id, good) => expect(RunId.safeParse(id).success).toBe(good));

test.each([
  ["as it is", { run_id: "r", status: "pending", more: 1 }, true],
  ["that runs already", { run_id: "r", status: "running" }, false],
  ["without an id", { status: "pending" }, false],
  ["with an id that is none", { run_id: "a/b", status: "pending" }, false],
])("the answer to a create %s", (_, body, good) => {
  const read = CreateAnswer.safeParse(body);
  expect(read.success).toBe(good);
  if (good) expect(read.data).toEqual(body);
});

test.each([
  ["with all three", { run_id: "r", status: "cancelled", cancelled: true }, true, true],
  ["of a run that was done", { run_id: "r", status: "done", cancelled: false }, true, true],
  ["with more", { run_id: "r", status: "done", cancelled: false, more: 1 }, true, true],
  ["that is not true of its status", { run_id: "r", status: "done", cancelled: true }, true, false],
  ["that denies it", { run_id: "r", status: "cancelled", cancelled: false }, true, false],
  ["with the status alone", { status: "done" }, true, false],
  ["with the word alone", { cancelled: false }, true, false],
  ["with neither", { run_id: "r" }, false, false],
  ["with an id that is none", { run_id: "a/b", status: "done", cancelled: false }, false, false],
  ["with a sixth word", { run_id: "r", status: "gone", cancelled: false }, false, false],
])("the answer to a cancel %s", (_, body, any, strict) => {
  for (const [schema, good] of [
    [CancelAnswer, any] as const,
    [StrictCancelAnswer, strict] as const,
  ]) {
    const read = schema.safeParse(body);
    expect(read.success).toBe(good);
    if (good) expect(read.data).toEqual(body);
  }
});

test("what is wrong with the answer to a cancel is told", () => {
  const lie = { run_id: "r", status: "done", cancelled: true };
  expect(StrictCancelAnswer.safeParse(lie).error?.issues).toMatchObject([
    { message: "must be true exactly when the status is cancelled", path: ["cancelled"] },
  ]);
  expect(CancelAnswer.safeParse({}).error?.issues).toMatchObject([
    { message: "needs a status or a cancelled" },
  ]);
});
