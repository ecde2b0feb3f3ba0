import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";

import { CancelAnswer, Run, StrictCancelAnswer, StrictRun } from "../src/index.ts";
import { jsonSchemas } from "../src/json-schema/index.ts";
import { ADDITIONS, CANCEL_ANSWERS, OTHER_FILE, RUNS } from "./corpus.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validRun = ajv.compile(jsonSchemas.Run);
const validStrictRun = ajv.compile(jsonSchemas.StrictRun);
const validCancel = ajv.compile(jsonSchemas.CancelAnswer);

const withAdditions = (body: unknown) =>
  body !== null && typeof body === "object" && !Array.isArray(body)
    ? { ...ADDITIONS, ...body }
    : body;

describe.each(RUNS)("a run: $name", ({ body, good, strict }) => {
  it(`is ${good ? "accepted" : "refused"} by clients`, () => {
    expect(Run.safeParse(body).success).toBe(good);
    expect(validRun(body)).toBe(good);
  });
  it(`is ${strict ? "" : "not "}what our server sends`, () => {
    expect(StrictRun.safeParse(withAdditions(body)).success).toBe(strict);
    expect(validStrictRun(withAdditions(body))).toBe(strict);
  });
});

describe.each(CANCEL_ANSWERS)("a cancel's answer: $name", ({ body, good, strict }) => {
  it("is judged alike by both readings", () => {
    expect(CancelAnswer.safeParse(body).success).toBe(good);
    expect(validCancel(body)).toBe(good);
    expect(StrictCancelAnswer.safeParse(body).success).toBe(strict);
  });
});

it("holds scene_candidate to output_url", () => {
  expect(Run.safeParse(OTHER_FILE).success).toBe(false);
});

it.each([
  ["as it is", "/workspace/Default/a.glb", "Default/a.glb", true],
  ["a space, encoded", "/workspace/Default/my%20mesh.glb", "Default/my mesh.glb", true],
  ["a percent sign, encoded", "/workspace/Default/100%25.glb", "Default/100%.glb", true],
  ["encoded in both", "/workspace/Default/my%20mesh.glb", "Default/my%20mesh.glb", true],
  ["another name", "/workspace/Default/my%20mesh.glb", "Default/mymesh.glb", false],
  ["broken encoding", "/workspace/Default/%zz.glb", "Default/z.glb", false],
])("takes an address and its path for one file: %s", (_, output_url, workspace_path, same) => {
  const run = { ...OTHER_FILE, output_url, scene_candidate: { workspace_path } };
  expect(Run.safeParse(run).success).toBe(same);
});

it("keeps unknown keys", () => {
  const body = { ...(RUNS[1]!.body as object), later: true };
  expect(Run.parse(body)).toEqual(body);
});
