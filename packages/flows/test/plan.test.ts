import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { cyclesOf, needsOf, usedOf } from "../src/definition/order.ts";
import {
  type Definition,
  type FileValue,
  type Given,
  MOST_STEPS,
  planOf,
  readFlow,
} from "../src/index.ts";
import type { Step, Value } from "../src/index.ts";
import { applied } from "../src/plan/make.ts";

const file = (name: string | undefined, type: FileValue["type"] = "image"): FileValue => ({
  ...{ type, sha256: `sha-${name}`, bytes: 1, format: "png" },
  ...(name === undefined ? {} : { name }),
});
const text = (value: string): Value => ({ type: "text", text: value });
const number = (value: number): Value => ({ type: "number", number: value });

/** The steps of a flow as they are written, in YAML's short form. */
function definitionOf(inputs: string, steps: readonly string[], rest = ""): Definition {
  const lines = steps.map((step) => `  - ${step}`).join("\n");
  const read = readFlow(`version: 1\nname: F\ninputs: ${inputs}\nsteps:\n${lines}\n${rest}`);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return read.value.definition;
}

function planned(definition: Definition, given: Given) {
  const made = planOf(definition, given);
  if (!made.ok) throw new Error(JSON.stringify(made.faults));
  return made.value;
}

function faults(definition: Definition, given: Given) {
  const made = planOf(definition, given);
  return made.ok ? [] : made.faults;
}

const ONE = "{ picture: { type: image } }";
const MANY = "{ pictures: { type: image, many: true } }";
const CUT = "{ id: cut, uses: cutout, inputs: { image: input.picture } }";
const picture = file("duck");

describe("a step of a plan", () => {
  test("says all that is written of it, with its defaults", () => {
    const plan = planned(
      definitionOf(ONE, [
        CUT,
        "{ id: mesh, uses: generate, with: { model: a/b }, needs: [cut], inputs: { image: cut.image }, retries: 2, timeout: 1.5, locked: true, fallback: { with: { model: a/c } } }",
      ]),
      { picture: [picture] },
    );
    expect(plan).toStrictEqual({
      name: "F",
      parallel: 4,
      steps: [
        {
          ...{ id: "cut", mark: "cut", lock: undefined, timeout: undefined, retries: 0, needs: [] },
          ways: [{ uses: "cutout", with: {} }],
          inputs: { image: [{ value: picture }] },
        },
        {
          ...{ id: "mesh", mark: "mesh", lock: "mesh", timeout: 1500, retries: 2, needs: ["cut"] },
          ways: [
            { uses: "generate", with: { model: "a/b" } },
            { uses: "generate", with: { model: "a/c" } },
          ],
          inputs: { image: [{ from: "cut", output: "image", transforms: {} }] },
        },
      ],
      outputs: [
        {
          ...{ name: "mesh", label: undefined },
          source: { from: "mesh", output: "mesh", transforms: {} },
        },
      ],
    });
  });

  test("may be done another way by another kind", () => {
    const plan = planned(
      definitionOf(
        ONE,
        [
          "{ id: small, uses: resize, with: { longest: 64 }, inputs: { image: input.picture }, fallback: { uses: cutout } }",
        ],
        "parallel: 2",
      ),
      { picture: [picture] },
    );
    expect(plan.parallel).toBe(2);
    expect(plan.steps[0]!.ways).toEqual([
      { uses: "resize", with: { longest: 64 } },
      { uses: "cutout", with: {} },
    ]);
  });

  test("comes after what it needs, however they are written; else their order stays", () => {
    const plan = planned(
      definitionOf(ONE, [
        "{ id: b, uses: cutout, needs: [d, c], inputs: { image: a.image } }",
        "{ id: c, uses: cutout, inputs: { image: input.picture } }",
        "{ id: a, uses: cutout, inputs: { image: input.picture } }",
        "{ id: d, uses: cutout, inputs: { image: a.image } }",
        "{ id: e, uses: cutout, inputs: { image: input.picture } }",
      ]),
      { picture: [picture] },
    );
    expect(plan.steps.map(({ id, needs }) => [id, needs])).toEqual([
      ["a", []],
      ["d", ["a"]],
      ["c", []],
      ["b", ["a", "d", "c"]],
      ["e", []],
    ]);
    expect(plan.outputs.map(({ name }) => name)).toEqual(["b", "e"]);
  });

  test("gets as many values as its kind takes", () => {
    const definition = definitionOf("{ meshes: { type: mesh, many: true } }", [
      "{ id: one, uses: simplify, with: { triangles: 9 }, inputs: { mesh: { from: input.meshes, only: last } } }",
      "{ id: all, uses: pick, with: { by: volume }, inputs: { meshes: input.meshes } }",
    ]);
    const meshes = (count: number) =>
      Array.from({ length: count }, (_, at) => file(`m${at}`, "mesh"));
    const inputs = (count: number) =>
      planned(definition, { meshes: meshes(count) }).steps.map(({ inputs }) =>
        Object.values(inputs),
      );
    expect(inputs(2)).toEqual([
      [[{ value: meshes(2)[1] }]],
      [meshes(2).map((value) => ({ value }))],
    ]);
    expect(faults(definition, { meshes: meshes(1) })).toEqual([
      {
        path: ["steps", 1, "inputs", "meshes"],
        message: "pick.meshes takes at least 2, and these are 1.",
      },
    ]);
    expect(faults(definition, { meshes: meshes(16) })).toEqual([]);
    expect(faults(definition, { meshes: meshes(17) })).toEqual([
      {
        path: ["steps", 1, "inputs", "meshes"],
        message: "pick.meshes takes at most 16, and these are 17.",
      },
    ]);
  });
});

// Made in the tests: a fault of what makes them is to fail a test, not to keep the file from being loaded.
describe("what is given", () => {
  const definition = () =>
    definitionOf(
      "{ picture: { type: image }, other: { type: mesh }, words: { type: text, many: true } }",
      [CUT, "{ id: less, uses: simplify, with: { triangles: 9 }, inputs: { mesh: input.other } }"],
    );

  test("must be there, be known, and be a list only once", () => {
    expect(faults(definition(), { words: [], more: [text("a")] })).toEqual([
      { path: ["inputs", "picture"], message: "The flow needs a picture for its input picture." },
      { path: ["inputs", "other"], message: "The flow needs a mesh for its input other." },
      { path: ["inputs", "words"], message: "The input words is an empty list." },
      { path: ["inputs"], message: "The flow has no input more." },
    ]);
    const two = { picture: [file("a"), file("b")], other: [file("c", "mesh"), file("d", "mesh")] };
    expect(faults(definition(), { ...two, words: [text("a"), text("b")] })).toEqual([
      {
        path: ["inputs"],
        message: "Only one input can be given several values, and picture and other are.",
      },
    ]);
  });

  test("several times is done several times, each under its name", () => {
    const given = {
      picture: [file("a b"), file("a b"), file(undefined)],
      other: [file("c", "mesh")],
    };
    const plan = planned(definition(), { ...given, words: [text("x"), text("y")] });
    expect(plan.steps.map(({ id, mark, inputs }) => [id, mark, Object.values(inputs)])).toEqual(
      [
        ["a_b", "sha-a b", given.picture[0]!],
        ["a_b-2", "sha-a b", given.picture[1]!],
        ["3", "sha-undefined", given.picture[2]!],
      ].flatMap(([label, sha, value]) => [
        [`${label as string}/cut`, `cut@${sha as string}`, [[{ value }]]],
        [`${label as string}/less`, `less@${sha as string}`, [[{ value: given.other[0] }]]],
      ]),
    );
    expect(plan.outputs.map(({ name, label }) => `${name} ${label}`)).toEqual(
      ["a_b", "a_b-2", "3"].flatMap((label) => [`cut ${label}`, `less ${label}`]),
    );
  });

  test("several times is marked by what differs: what is locked for one is not taken for another", () => {
    const sized = definitionOf("{ picture: { type: image }, size: { type: number } }", [
      "{ id: small, uses: resize, locked: true, inputs: { image: input.picture, longest: input.size } }",
    ]);
    const plan = planned(sized, { picture: [picture], size: [number(64), number(128)] });
    expect(plan.steps.map(({ id, lock }) => [id, lock])).toEqual([
      ["1/small", "small@64"],
      ["2/small", "small@128"],
    ]);
    const twice = definitionOf("{ first: { type: image }, second: { type: image } }", [
      "{ id: a, uses: cutout, locked: true, inputs: { image: input.first } }",
      "{ id: b, uses: cutout, locked: true, inputs: { image: input.second } }",
    ]);
    const locks = planned(twice, { first: [picture], second: [file("a"), file("b")] }).steps;
    expect(locks.map(({ lock }) => lock)).toEqual(["a@sha-a", "b@sha-a", "a@sha-b", "b@sha-b"]);
  });
});

describe("each", () => {
  const definition = () =>
    definitionOf(MANY, [
      "{ id: join, uses: merge, inputs: { meshes: all.small } }",
      "{ id: first, uses: cutout, inputs: { image: { from: input.pictures, only: first } } }",
      `id: all
    uses: each
    over: input.pictures
    needs: [first]
    steps:
      - { id: mesh, uses: generate, with: { model: a/b }, inputs: { image: item } }
      - { id: count, uses: measure, needs: [first], inputs: { mesh: mesh.mesh } }
      - { id: small, uses: simplify, locked: true, inputs: { mesh: mesh.mesh, triangles: { from: count.triangles, multiply: 0.5 } } }
    outputs: { small: small.mesh, seconds: mesh.seconds }`,
      `id: again
    uses: each
    over: all.small
    steps: [{ id: look, uses: preview, needs: [all], inputs: { mesh: item } }]
    outputs: { look: look.image }`,
      "{ id: last, uses: preview, needs: [again], inputs: { mesh: { from: all.small, only: last } } }",
    ]);
  const pictures = [file("my duck.png"), file("mug"), file("mug")];
  const made = () => planned(definition(), { pictures });
  const stepOf = (id: string) => made().steps.find((step) => step.id === id)!;
  const three = ["my_duck.png", "mug", "mug-2"];

  test("is spread over its list, after what it needs", () => {
    expect(made().steps.map(({ id }) => id)).toEqual([
      "first",
      ...three.flatMap((one) => [`all/${one}/mesh`, `all/${one}/count`, `all/${one}/small`]),
      "join",
      ...three.map((one) => `again/${one}/look`),
      "last",
    ]);
  });

  test("gives each of its steps the item at hand, the step beside it, and all that it needs", () => {
    expect(stepOf("all/mug-2/mesh")).toMatchObject({
      inputs: { image: [{ value: pictures[2] }] },
      needs: ["first"],
      mark: "all/mesh@sha-mug",
      lock: undefined,
    });
    expect(stepOf("all/mug/count")).toMatchObject({ needs: ["all/mug/mesh", "first"] });
    expect(stepOf("all/mug/small")).toMatchObject({
      inputs: {
        mesh: [{ from: "all/mug/mesh", output: "mesh", transforms: {} }],
        triangles: [{ from: "all/mug/count", output: "triangles", transforms: { multiply: 0.5 } }],
      },
      needs: ["all/mug/mesh", "all/mug/count", "first"],
      lock: "all/small@sha-mug",
    });
  });

  test("hands on a list of what came of each", () => {
    const smalls = three.map((one) => ({
      from: `all/${one}/small`,
      output: "mesh",
      transforms: {},
    }));
    expect(stepOf("join").inputs).toEqual({ meshes: smalls });
    expect(stepOf("join").needs).toEqual(smalls.map(({ from }) => from));
    expect(stepOf("last").inputs).toEqual({ mesh: [smalls[2]] });
    const members = three.flatMap((one) => [
      ...[`all/${one}/mesh`, `all/${one}/count`, `all/${one}/small`],
    ]);
    expect(stepOf("again/mug/look")).toMatchObject({
      inputs: { mesh: [smalls[1]] },
      needs: ["all/mug/small", ...members.filter((id) => id !== "all/mug/small")],
      mark: "again/look@mug",
    });
    expect(stepOf("last").needs).toEqual([
      "all/mug-2/small",
      ...three.map((one) => `again/${one}/look`),
    ]);
  });

  test("is kept one by one, under its names, where nothing else takes it", () => {
    expect(made().outputs).toMatchObject([
      { name: "join", label: undefined, source: { output: "mesh" } },
      { name: "last", label: undefined, source: { output: "image" } },
    ]);
    const alone = definitionOf(MANY, [
      `id: all
    uses: each
    over: input.pictures
    steps: [{ id: cut, uses: cutout, inputs: { image: item } }]
    outputs: { cut: cut.image }`,
    ]);
    expect(planned(alone, { pictures }).outputs).toEqual(
      three.map((label) => ({
        ...{ name: "cut", label },
        source: { from: `all/${label}/cut`, output: "image", transforms: {} },
      })),
    );
  });

  test("of numbers is named by their places", () => {
    const sizes = definitionOf(
      "{ picture: { type: image }, sizes: { type: number, many: true } }",
      [
        `id: all
    uses: each
    over: input.sizes
    steps: [{ id: small, uses: resize, inputs: { image: input.picture, longest: { from: item, add: 1 } } }]`,
      ],
    );
    const plan = planned(sizes, { picture: [picture], sizes: [number(63), number(127)] });
    expect(plan.steps).toMatchObject([
      { id: "all/1/small", mark: "all/small@63", inputs: { longest: [{ value: number(64) }] } },
      { id: "all/2/small", mark: "all/small@127", inputs: { longest: [{ value: number(128) }] } },
    ]);
    expect(plan.outputs).toEqual([]);
  });

  test("of nothing is told at its place", () => {
    const empty = definitionOf(ONE, [
      CUT,
      "{ id: all, uses: each, over: [], steps: [{ id: small, uses: resize, inputs: { image: input.picture } }] }",
    ]);
    expect(faults(empty, { picture: [picture] })).toEqual([
      { path: ["steps", 1, "over"], message: "The step all goes over an empty list." },
    ]);
  });

  test("over several flows at once has both marks", () => {
    const both = definitionOf("{ picture: { type: image }, sizes: { type: number, many: true } }", [
      `id: all
    uses: each
    over: input.sizes
    steps: [{ id: small, uses: resize, inputs: { image: input.picture, longest: item } }]
    outputs: { small: small.image }`,
    ]);
    const given = { picture: [file("a"), file("b")], sizes: [number(64)] };
    const plan = planned(both, given);
    expect(plan.steps.map(({ id, mark }) => [id, mark])).toEqual([
      ["a/all/1/small", "all/small@sha-a@64"],
      ["b/all/1/small", "all/small@sha-b@64"],
    ]);
    expect(plan.outputs.map(({ label }) => label)).toEqual(["a-1", "b-1"]);
  });
});

describe("what is kept", () => {
  test("is what is written, with what is done to it", () => {
    const definition = definitionOf(
      ONE,
      [
        CUT,
        "{ id: mesh, uses: generate, with: { model: a/b }, inputs: { image: cut.image } }",
        "{ id: count, uses: measure, inputs: { mesh: mesh.mesh } }",
      ],
      "outputs: { picture: cut.image, half: { from: count.triangles, multiply: 0.5, round: true } }",
    );
    expect(planned(definition, { picture: [picture] }).outputs).toEqual([
      { name: "picture", source: { from: "cut", output: "image", transforms: {} } },
      {
        name: "half",
        source: { from: "count", output: "triangles", transforms: { multiply: 0.5, round: true } },
      },
    ]);
  });

  test("is no number and no text, if nothing is written", () => {
    const definition = definitionOf("{ mesh: { type: mesh } }", [
      "{ id: count, uses: measure, inputs: { mesh: input.mesh } }",
      "{ id: stl, uses: convert, with: { format: stl }, inputs: { mesh: input.mesh } }",
    ]);
    expect(planned(definition, { mesh: [file("m", "mesh")] }).outputs).toEqual([
      { name: "stl", source: { from: "stl", output: "file", transforms: {} } },
    ]);
  });
});

test("a plan has so many steps and no more", () => {
  const definition = definitionOf(MANY, [
    `id: all
    uses: each
    over: input.pictures
    steps: [{ id: cut, uses: cutout, inputs: { image: item } }]`,
  ]);
  const pictures = (count: number) => Array.from({ length: count }, (_, at) => file(`p${at}`));
  expect(faults(definition, { pictures: pictures(MOST_STEPS) })).toEqual([]);
  expect(faults(definition, { pictures: pictures(MOST_STEPS + 1) })).toEqual([
    {
      path: ["steps"],
      message: "These are more than 10000 steps when all lists are spread; a flow run has no more.",
    },
  ]);
});

test("a long name is cut off, and letters of any language stay", () => {
  const definition = definitionOf(ONE, [CUT]);
  const given = [file("x".repeat(99)), file("Ente_é.2-ß/äöü: 日本"), file("b")];
  expect(planned(definition, { picture: given }).outputs.map(({ label }) => label)).toEqual([
    "x".repeat(80),
    "Ente_é.2-ß_äöü__日本",
    "b",
  ]);
});

test("a value is changed as written; a file never is", () => {
  expect(applied(number(3), { multiply: 2, add: 1 })).toEqual(number(7));
  expect(applied(text("a"), { upper: true, suffix: "!" })).toEqual(text("A!"));
  expect(applied(number(3), { prefix: "n" })).toEqual(text("n3"));
  expect(applied(picture, { multiply: 2 })).toBe(picture);
  const plain = number(3);
  expect(applied(plain, {})).toBe(plain);
});

describe("what waits for what", () => {
  const flow = () =>
    definitionOf(MANY, [
      "{ id: a, uses: cutout, inputs: { image: { from: input.pictures, only: first } } }",
      `id: all
    uses: each
    over: [a.image, input.pictures]
    needs: [c]
    steps:
      - { id: mesh, uses: generate, with: { model: a/b }, needs: [d], inputs: { image: item } }
      - { id: join, uses: merge, inputs: { meshes: [mesh.mesh, e.mesh] } }
    outputs: { mesh: join.mesh, id: mesh.run_id }`,
      "{ id: c, uses: cutout, inputs: { image: a.image } }",
      "{ id: d, uses: cutout, inputs: { image: a.image } }",
      "{ id: e, uses: generate, with: { model: a/b }, inputs: { image: d.image } }",
    ]);

  test("is named, and what is inside of an each is not", () => {
    expect(flow().steps.map(needsOf)).toEqual([
      ["input"],
      ["c", "a", "input", "d", "item", "e"],
      ["a"],
      ["a"],
      ["d"],
    ]);
  });

  test("and which outputs are taken, also inside of an each and at the end", () => {
    const { steps } = flow();
    const definition = { version: 1, name: "F", steps, outputs: { s: "e.seconds" } } as Definition;
    const used = (id: string) => [...usedOf(definition, id)].toSorted();
    expect(["a", "all", "mesh", "join", "e", "c"].map(used)).toEqual([
      ...[["image"], [], ["mesh", "run_id"], ["mesh"], ["mesh", "seconds"], []],
    ]);
    expect([...usedOf({ ...definition, outputs: undefined }, "e")]).toEqual(["mesh"]);
    expect([...usedOf(definition, "al")]).toEqual([]);
  });

  const step = (id: string, needs: readonly string[]) =>
    ({ id, uses: "cutout", needs }) as unknown as Step;

  test("in a circle is told as the work would flow, each circle once", () => {
    const around = [step("a", ["c"]), step("b", ["a", "x"]), step("c", ["b"]), step("x", ["x"])];
    expect(cyclesOf(around)).toEqual([["x"], ["b", "c", "a"]]);
    expect(cyclesOf([step("a", []), step("b", ["a"]), step("c", ["a", "b", "gone"])])).toEqual([]);
  });

  test("is a circle exactly if the steps can't be put in order", () => {
    const graph = fc.integer({ min: 1, max: 7 }).chain((size) => {
      const ids = Array.from({ length: size }, (_, at) => `s${at}`);
      return fc.tuple(
        ...ids.map((id) =>
          fc.subarray(ids, { maxLength: Math.min(2, size) }).map((n) => step(id, n)),
        ),
      );
    });
    fc.assert(
      fc.property(graph, (steps) => {
        const left = new Map(steps.map(({ id, needs }) => [id, needs!]));
        const ready = () => [...left].find(([, needs]) => needs.every((need) => !left.has(need)));
        for (let next = ready(); next; next = ready()) left.delete(next[0]);
        const cycles = cyclesOf(steps);
        expect(cycles.length > 0).toBe(left.size > 0);
        for (const cycle of cycles)
          for (const [at, id] of cycle.entries()) {
            const after = steps.find((one) => one.id === cycle[(at + 1) % cycle.length])!;
            expect(after.needs).toContain(id);
          }
      }),
    );
  });
});
