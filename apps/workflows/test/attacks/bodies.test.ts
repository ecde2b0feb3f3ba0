import { afterAll, beforeAll, expect, test } from "vitest";

import { api, from, picture, startService, type Started, temporary } from "../support.ts";

let place: Awaited<ReturnType<typeof temporary>>;
let own: Started;
let image: string;
beforeAll(async () => {
  place = await temporary();
  own = await startService(place.dir, []);
  image = await picture();
});
afterAll(async () => {
  await own.kill();
  await place.remove();
});

const resize = (id: string, more: object = {}) => ({
  id,
  task_type: "RESIZE",
  config: { image },
  ...more,
});
const bodyOf = (steps: readonly object[], more: object = {}) => ({
  name: "Attack",
  origin_instance: "tests",
  steps,
  ...more,
});
const refused = (body: unknown) => api(own.url).refusal("POST", "/?start=false", body);

/** A list of what came of each picture of another list, which it names so many times. */
const eachOf = (id: string, over: string | undefined, times: number) => ({
  id,
  task_type: "EACH",
  ...(over === undefined
    ? { config: { over: Array.from({ length: times }, () => image) } }
    : { input_mappings: Array.from({ length: times }, () => from(over, "o", "over")) }),
  steps: [
    {
      id: `${id}1`,
      task_type: "RESIZE",
      input_mappings: [{ from_step: "item", from_field: "item", to_field: "image" }],
    },
  ],
  outputs: { o: { from_step: `${id}1`, from_field: "image" } },
});

/** Texts of JSON, which no object of this language can be. */
const raw = async (text: string, type = "application/json") => {
  const response = await fetch(`${own.url}/api/v1/workflows/?start=false`, {
    method: "POST",
    headers: { "content-type": type },
    body: text,
  });
  return [response.status, (await response.json()) as { detail: string }] as const;
};
const withConfig = (config: string) =>
  `{"name":"Attack","origin_instance":"tests","config":${config},"steps":[${JSON.stringify(resize("a"))}]}`;

test.each([
  ["deeper than can be written again", `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, /64/],
  ["one level too deep", `{"a":${"[".repeat(63)}${"]".repeat(63)}}`, /64 levels/],
  ["of too many values", `{"a":[${"1,".repeat(60_000)}1]}`, /50000 values/],
  ["of too much text", `{"a":"${"x".repeat(1_100_000)}"}`, /1048576 characters/],
  ["with a prototype", '{"__proto__":{"polluted":true}}', /__proto__/],
  ["with NUL", String.raw`{"a":"\u0000"}`, /NUL/],
  ["with half a character", String.raw`{"a":"\ud800"}`, /surrogate/],
  ["with half a character in a name", String.raw`{"\udc00":1}`, /surrogate/],
])("a body %s is refused with a sentence", async (_what, config, why) => {
  const [status, { detail }] = await raw(withConfig(config));
  expect(detail).toMatch(why);
  expect(status).toBe(400);
});

test("brackets and quotes within texts are no levels, and what is allowed is given back as it was", async () => {
  const config = { a: '["{\\"'.repeat(500), b: "\u{1f986}", c: 1, constructor: "x" };
  const made = await api(own.url).create(bodyOf([resize("a")], { config }), "?start=false");
  expect(made.config).toEqual(config);
});

test("another charset than UTF-8 is refused: nothing would look at it as it is", async () => {
  const [status] = await raw(withConfig("{}"), "application/json; charset=utf-16");
  expect(status).toBe(415);
});

test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
  "%s is no input, no output and no transform",
  async (name) => {
    const mapped = (mapping: object) =>
      refused(
        JSON.parse(
          JSON.stringify(
            bodyOf([
              resize("b"),
              resize("a", { input_mappings: [{ ...from("b", "width", "longest"), ...mapping }] }),
            ]),
          ),
        ),
      );
    for (const mapping of [
      { to_field: name },
      { from_field: name },
      { transform: JSON.parse(`{"${name}":1}`) as object },
    ])
      expect(await mapped(mapping)).toMatchObject({ status: 400 });
  },
);

test("what is wrong is told a hundred times at most, in sentences of bounded length", async () => {
  const wrong = await refused(
    bodyOf([resize("a", { depends_on: Array.from({ length: 40_000 }, () => 1) })]),
  );
  expect(wrong.errors).toHaveLength(100);
  const unknown = await refused(
    bodyOf([resize("a", { depends_on: Array.from({ length: 900 }, (_, at) => `n${at}`) })]),
  );
  expect(unknown.errors).toHaveLength(100);
  const long = await refused(bodyOf([resize("a", { task_type: "x".repeat(900_000) })]));
  expect(JSON.stringify(long).length).toBeLessThan(10_000);
});

test("of all the circles among steps that wait for each other ten are told", async () => {
  const ids = Array.from({ length: 150 }, (_, at) => `s${at}`);
  const steps = ids.map((id) => resize(id, { depends_on: ids.filter((other) => other !== id) }));
  const { errors } = await refused(bodyOf(steps));
  expect(errors).toHaveLength(10);
});

test("lists of lists of lists are refused before they are spread", async () => {
  const wide = Array.from({ length: 8 }, (_, at) =>
    eachOf(`l${at}`, at === 0 ? undefined : `l${at - 1}`, 40),
  );
  expect(await refused(bodyOf(wide))).toMatchObject({
    status: 400,
    detail: expect.stringMatching(/when all lists are spread/) as string,
  });
});

test("what is written once in EACH is counted for all of its list", async () => {
  const { steps, outputs: _, ...each } = eachOf("l", undefined, 400);
  const told = { model: "any/model", params: { text: "x".repeat(500_000) } };
  const generate = { ...steps[0], task_type: "GENERATION", config: told };
  expect(await refused(bodyOf([{ ...each, steps: [generate] }]))).toMatchObject({
    detail: expect.stringMatching(/16777216 characters/) as string,
  });
});
