import * as fc from "fast-check";
import { expect, test } from "vitest";

import { type FileValue, type Given, planOf, readFlow } from "../src/index.ts";
import { BAD } from "./bad-definitions.ts";

test.each(BAD)("$name is refused where it is wrong", ({ text, refusals }) => {
  const read = readFlow(text);
  const found = read.ok ? [] : read.findings;
  expect(found.map(({ line, column, message }) => [line, column, message])).toEqual(
    refusals.map(([line, column, sentence]) => [line, column, expect.stringMatching(sentence)]),
  );
  // A sentence for a person: it ends, and holds nothing of how it was found.
  for (const { message } of found) expect(message).toMatch(/^[^{}]*[.?]$/s);
});

test("there are at least sixty of them", () => expect(BAD.length).toBeGreaterThanOrEqual(60));

test("one mistake hides no other: of form, of meaning, in several steps", () => {
  const text = `version: 1
name: Three
inputs: { picture: { type: image } }
steps:
  - { id: a, uses: resize, with: { longst: 5 }, inputs: { image: input.pictur } }
  - { id: b, uses: measure, retries: -1, inputs: { mesh: a.image } }
  - { id: c, uses: cutout, inputs: { image: d.image } }
`;
  const read = readFlow(text);
  expect(read.ok ? [] : read.findings.map(({ line, message }) => [line, message])).toEqual([
    [5, "longst is not known here. Did you mean longest?"],
    [5, "The flow has no input pictur. Did you mean picture?"],
    [6, "It must be at least 0."],
    [6, "measure.mesh takes a mesh, and a.image is an image."],
    [7, "There is no step d. Did you mean a?"],
  ]);
});

const GOOD = `version: 1
name: Print
inputs:
  pictures: { type: image, many: true }
steps:
  - id: all
    uses: each
    over: input.pictures
    steps:
      - { id: cut, uses: cutout, inputs: { image: item } }
      - id: mesh
        uses: generate
        with: { model: a/one }
        inputs: { image: cut.image }
        fallback: { with: { model: a/two } }
        retries: 2
      - { id: count, uses: measure, inputs: { mesh: mesh.mesh } }
      - id: small
        uses: simplify
        inputs: { mesh: mesh.mesh, triangles: { from: count.triangles, multiply: 0.5, min: 100, round: true } }
    outputs: { mesh: small.mesh }
  - { id: join, uses: merge, inputs: { meshes: all.mesh } }
`;

test("a definition with each kind of thing in it is read, as YAML and as JSON", () => {
  const yaml = readFlow(GOOD);
  expect(yaml).toMatchObject({ ok: true, value: { definition: { name: "Print" } } });
  if (!yaml.ok) return;
  const json = readFlow(JSON.stringify(yaml.value.definition, null, 2));
  expect(json).toMatchObject({ ok: true, value: { definition: yaml.value.definition } });
});

test("nothing that is cut off or garbled makes the reader fall over", () => {
  fc.assert(
    fc.property(
      fc.nat(GOOD.length),
      fc.nat(GOOD.length),
      fc.string({ maxLength: 5 }),
      (from, length, put) => {
        const read = readFlow(GOOD.slice(0, from) + put + GOOD.slice(from + (length % 40)));
        if (read.ok) return;
        expect(read.findings.length).toBeGreaterThan(0);
        for (const { line, column } of read.findings)
          expect([line > 0, column > 0]).toEqual([true, true]);
      },
    ),
    { numRuns: 150 },
  );
});

const picture = (name: string): FileValue => ({
  type: "image",
  sha256: name.padEnd(64, "0"),
  bytes: 1,
  format: "png",
  name,
});

function plan(text: string, given: Given) {
  const read = readFlow(text);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const made = planOf(read.value.definition, given);
  return made.ok ? made.value : made.faults.map((fault) => read.value.locate(fault));
}

test("each is spread over its pictures, and what joins them needs all", () => {
  const made = plan(GOOD, { pictures: [picture("duck"), picture("mug"), picture("duck")] });
  expect(made).toMatchObject({
    parallel: 4,
    outputs: [{ name: "join", source: { from: "join", output: "mesh" } }],
  });
  if (Array.isArray(made)) return;
  expect(made.steps.map(({ id }) => id)).toEqual([
    ...["duck", "mug", "duck-2"].flatMap((one) =>
      ["cut", "mesh", "count", "small"].map((step) => `all/${one}/${step}`),
    ),
    "join",
  ]);
  expect(made.steps.at(-1)!.needs).toEqual(["all/duck/small", "all/mug/small", "all/duck-2/small"]);
  expect(made.steps[1]!.ways.map((way) => way.with["model"])).toEqual(["a/one", "a/two"]);
});

test("a list that turns out too short is told at its place in the definition", () => {
  expect(plan(GOOD, { pictures: [picture("duck")] })).toEqual([
    expect.objectContaining({
      line: 22,
      message: "merge.meshes takes at least 2, and these are 1.",
    }),
  ]);
  expect(plan(GOOD, {})).toEqual([
    expect.objectContaining({ line: 4, message: "The input pictures is an empty list." }),
  ]);
});

test("several pictures for one: the whole flow is done for each", () => {
  const text = `version: 1
name: One
inputs: { picture: { type: image } }
steps: [{ id: cut, uses: cutout, inputs: { image: input.picture } }]
`;
  expect(plan(text, { picture: [picture("a"), picture("b")] })).toMatchObject({
    steps: [{ id: "a/cut" }, { id: "b/cut" }],
    outputs: [
      { name: "cut", label: "a" },
      { name: "cut", label: "b" },
    ],
  });
  expect(plan(text, { picture: [picture("a")] })).toMatchObject({ steps: [{ id: "cut" }] });
});
