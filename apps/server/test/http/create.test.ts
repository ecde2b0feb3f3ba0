import { createHash } from "node:crypto";

import { CreateAnswer, type ProblemCode, PROBLEMS } from "@modly-runs/contract";
import { describe, expect, test } from "vitest";

import { type App, appForAll, type CreateParts, openApp } from "../support/app.ts";
import { createHeld, source, writeMesh } from "../support/generators.ts";
import { picture } from "../support/pictures.ts";
import { expectProblem } from "../support/raw.ts";

const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;

/** A model that does not know all its params, one of each type. */
const open = source("open", writeMesh, {
  params: [
    { id: "grid", type: "int", default: 8, min: 1, max: 64 },
    { id: "scale", type: "float", default: 1, max: 2 },
    { id: "detail", type: "float", default: 1, min: 0.5 },
    {
      id: "mode",
      type: "select",
      default: "a",
      options: [
        { value: "a", label: "A" },
        { value: 2, label: "Two" },
      ],
    },
    { id: "smooth", type: "boolean", default: true },
    { id: "prompt", type: "string", default: "" },
  ],
});
const openTo = (params: string): CreateParts => ({ fields: { model_id: "fake/open", params } });
const stepsWith = (params: string): CreateParts => ({ fields: { params } });
const into = (collection: string): CreateParts => ({ fields: { collection } });

/** What is refused: the code, a piece of the sentence, and the field it names. */
const REFUSED: [what: string, parts: CreateParts, ProblemCode, says: RegExp, field?: string][] = [
  ["no picture", { file: null }, "missing_field", /picture is missing/, "image"],
  ["an empty picture", { file: Buffer.alloc(0) }, "unreadable_image", /0 bytes/, "image"],
  [
    "a part that is no image",
    { contentType: "application/pdf" },
    "not_an_image",
    /^File must be an image$/,
  ],
  ["an empty model", { fields: { model_id: "  " } }, "missing_field", /model_id/, "model_id"],
  [
    "an unknown model",
    { fields: { model_id: "no/such" } },
    "unknown_model",
    /^Unknown model ID "no\/such"\. There is .*test\/steps/,
    "model_id",
  ],
  [
    "a model in other case",
    { fields: { model_id: "Test/Steps" } },
    "unknown_model",
    /^Unknown model ID/,
    "model_id",
  ],
  ["params that are not JSON", stepsWith("{"), "invalid_params", /not JSON/, "params"],
  ["empty params", stepsWith(""), "invalid_params", /not JSON/, "params"],
  ...["[1]", '"x"', "3", "null", "true"].map((json): (typeof REFUSED)[number] => [
    `params ${json}`,
    stepsWith(json),
    "invalid_params",
    /must be a JSON object/,
    "params",
  ]),
  ["params too deep", stepsWith(nested(65)), "invalid_params", /deeper than 64/, "params"],
  [
    "a slip in a name",
    stepsWith('{"step":1}'),
    "invalid_params",
    /Did you mean steps\?/,
    "params.step",
  ],
  [
    "a name from nowhere",
    stepsWith('{"colour":1}'),
    "invalid_params",
    /It has steps, step_ms/,
    "params.colour",
  ],
  [
    "__proto__ as a name",
    stepsWith('{"__proto__":{"steps":1}}'),
    "invalid_params",
    /__proto__/,
    "params.__proto__",
  ],
  [
    "a number below",
    openTo('{"grid":0}'),
    "invalid_params",
    /between 1 and 64, not 0/,
    "params.grid",
  ],
  ["a number above", openTo('{"scale":3}'), "invalid_params", /at most 2, not 3/, "params.scale"],
  [
    "a number too small",
    openTo('{"detail":0.1}'),
    "invalid_params",
    /at least 0.5/,
    "params.detail",
  ],
  ["a broken number", openTo('{"grid":1.5}'), "invalid_params", /whole number/, "params.grid"],
  [
    "an endless number",
    openTo('{"detail":1e999}'),
    "invalid_params",
    /must be a number/,
    "params.detail",
  ],
  [
    "a text for a number",
    openTo('{"grid":"much"}'),
    "invalid_params",
    /must be a number/,
    "params.grid",
  ],
  ["no option", openTo('{"mode":"c"}'), "invalid_params", /one of a, 2/, "params.mode"],
  [
    "an option in an array",
    openTo('{"mode":["a"]}'),
    "invalid_params",
    /one of a, 2/,
    "params.mode",
  ],
  [
    "an option that bends its text",
    openTo('{"mode":{"toString":false}}'),
    "invalid_params",
    /one of a, 2/,
    "params.mode",
  ],
  ["no boolean", openTo('{"smooth":1}'), "invalid_params", /true or false/, "params.smooth"],
  ["no text", openTo('{"prompt":[]}'), "invalid_params", /must be a text/, "params.prompt"],
  ...["", "../up", "a/b", ".hidden", "dot.", "con", "LPT1.x", "sp ace", "ü", "a".repeat(65)].map(
    (name): (typeof REFUSED)[number] => [
      `collection ${JSON.stringify(name.slice(0, 9))}`,
      into(name),
      "invalid_field",
      /^collection /,
      "collection",
    ],
  ),
];

describe("a picture under another label than its own", () => {
  const shared = appForAll();
  test.each([
    ["no type at all", undefined],
    ["octets", "application/octet-stream"],
    ["plain text, which is what a part without a type is", "text/plain"],
    ["the type of another picture", "image/webp"],
  ])("%s: is judged by its bytes", async (_, contentType) => {
    const app = shared();
    const type = contentType === undefined ? "" : `Content-Type: ${contentType}\r\n`;
    const form = (bytes: Buffer) =>
      Buffer.concat([
        Buffer.from(
          `--b\r\nContent-Disposition: form-data; name="model_id"\r\n\r\ntest/steps\r\n--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n${type}\r\n`,
        ),
        bytes,
        Buffer.from("\r\n--b--\r\n"),
      ]);
    const send = (bytes: Buffer) =>
      app
        .api()
        .post("/workflow-runs/from-image")
        .set("Content-Type", "multipart/form-data; boundary=b")
        .serialize((body: string) => body)
        .send(form(bytes) as never);
    const taken = await send(picture());
    expect(CreateAnswer.parse(taken.body).status).toBe("pending");
    expect(expectProblem(await send(Buffer.from("no picture")))).toMatchObject({
      code: "unreadable_image",
    });
  });
});

/** Nothing of a refused create stays: no run, no file. */
async function expectNothingLeft(app: App): Promise<void> {
  await expect
    .poll(() => app.leftOnDisk(), { timeout: 10_000 })
    .toEqual({ uploads: [], tmp: [], meshes: [] });
}

describe("a create that is refused", () => {
  const shared = appForAll({ sources: [open] });
  test("says why, names the field, and leaves nothing", async () => {
    const app = shared();
    for (const [what, parts, code, says, field] of REFUSED) {
      const answer = await app.post(parts);
      const { detail, errors, ...found } = expectProblem(answer);
      expect({ what, status: answer.status, code: found.code }).toEqual({
        what,
        status: PROBLEMS[code].status,
        code,
      });
      expect(detail, what).toMatch(says);
      expect(answer.type, what).toBe("application/json");
      if (field)
        expect(
          errors?.map((each) => each.field),
          what,
        ).toContain(field);
    }
    await expectNothingLeft(app);
  });

  test("names every field that is wrong", async () => {
    const app = shared();
    const { detail, errors } = expectProblem(await app.post(stepsWith('{"steps":0,"step_ms":-1}')));
    expect(errors?.map(({ field }) => field)).toEqual(["params.steps", "params.step_ms"]);
    expect(detail).toMatch(/params\.steps .* params\.step_ms /);
  });

  test("tells a field that came twice from one that is missing", async () => {
    const app = shared();
    const twice = await app.post().field("model_id", "test/fail");
    expect(expectProblem(twice)).toMatchObject({ code: "invalid_field" });
    expect(expectProblem(twice).detail).toMatch(/model_id .*once\./);
    const missing = await app
      .api()
      .post("/workflow-runs/from-image")
      .attach("image", picture(), { filename: "a.png", contentType: "image/png" });
    expect(expectProblem(missing)).toMatchObject({ code: "missing_field" });
  });

  test.each([
    ["beside the picture", "image", "extra"],
    ["in its place", "photo", "other"],
    ["as a second picture", "image", "image"],
  ])("takes no other file: %s", async (_how, first, second) => {
    const app = shared();
    const answer = await app
      .api()
      .post("/workflow-runs/from-image")
      .field("model_id", "test/steps")
      .attach(first, picture(), { filename: "a.png", contentType: "image/png" })
      .attach(second, picture(), { filename: "b.png", contentType: "image/png" });
    expect(expectProblem(answer)).toMatchObject({ status: 400, code: "unexpected_file" });
    await expectNothingLeft(app);
  });

  test.each([
    ["JSON", "application/json", "{broken"],
    ["a web form", "application/x-www-form-urlencoded", "model_id=test/steps"],
    ["nothing", "", ""],
  ])("wants multipart/form-data, not %s", async (_what, type, body) => {
    const app = shared();
    const sent = app.api().post("/workflow-runs/from-image").set("Content-Type", type);
    expect(expectProblem(await sent.send(body))).toMatchObject({
      status: 415,
      code: "unsupported_media_type",
    });
  });
});

describe("a create that is accepted", () => {
  const shared = appForAll({ sources: [open] });
  test("answers with the run, which anybody can read at once and which ends", async () => {
    const app = shared();
    const answer = await app.post().expect(200);
    const { run_id, status } = CreateAnswer.parse(answer.body);
    expect(answer.headers["location"]).toBe(`/workflow-runs/${run_id}`);
    expect(status).toBe("pending");
    await app.read(run_id);
    const done = await app.ended(run_id);
    expect(done).toMatchObject({ status: "done", progress: 100, step: "Completed" });
    expect(done.output_url).toMatch(/^\/workspace\/Default\/steps-/);
    const mesh = await app.api().get(done.output_url!).expect(200);
    expect(mesh.type).toBe("model/gltf-binary");
  });

  test.each<[string, CreateParts]>([
    ["a type in capitals", { contentType: "IMAGE/X-ANYTHING" }],
    ["a name that means nothing", { filename: "../../etc/passwd.exe" }],
    ["spaces round the model", { fields: { model_id: " test/steps " } }],
    ["params left out of it", { fields: { params: "{}" } }],
    [
      "params that every client may send",
      stepsWith(
        '{"steps":1,"step_ms":0,"remesh":"quad","enable_texture":true,"texture_resolution":1024,"seed":42}',
      ),
    ],
    ["numbers as text", stepsWith('{"steps":"1","step_ms":"0"}')],
    ["fields nobody asked for", { fields: { workflow: "x", __proto__: "y", constructor: "z" } }],
    ["the longest collection", into("a".repeat(64))],
    [
      "undeclared params of an open model",
      openTo('{"whatever":{"__proto__":1},"constructor":[1e999]}'),
    ],
    ["an option given as text", openTo('{"mode":"2"}')],
    ["params as deep as may be", openTo(nested(64))],
  ])("takes %s", async (_what, parts) => {
    const app = shared();
    const { body } = await app.post(parts).expect(200);
    const run = await app.ended((body as { run_id: string }).run_id);
    expect(run.status).toBe("done");
  });

  test("keeps the picture's bytes as they came", async () => {
    const app = shared();
    const file = picture(7);
    const { body } = await app.post({
      file,
      fields: { model_id: "test/fingerprint", params: "{}" },
    });
    const run = await app.ended((body as { run_id: string }).run_id);
    expect(run.output_url).toContain(createHash("sha256").update(file).digest("hex"));
  });

  test("drops the picture when the run has ended", async () => {
    const app = shared();
    const ids = await Promise.all([
      app.create(),
      app.create({ model_id: "test/fail", params: "{}" }),
      app.create({ params: '{"steps":1000,"step_ms":10000}' }),
    ]);
    await app.cancel(ids[2]);
    for (const id of ids) await app.ended(id);
    await expect.poll(async () => (await app.leftOnDisk()).uploads).toEqual([]);
    await expect.poll(async () => (await app.leftOnDisk()).tmp).toEqual([]);
  });

  test("gives declared params their defaults, and hands the others on", async () => {
    const held = createHeld({ params: [{ id: "grid", type: "int", default: 8 }] });
    const app = await openApp({ sources: [held.source] });
    const id = await app.create({ model_id: "fake/held", params: '{"mine":[1],"__proto__":3}' });
    await expect.poll(() => held.runs.has(id)).toBe(true);
    const { params } = held.runs.get(id)!.input;
    expect(Object.entries(params)).toEqual([
      ["mine", [1]],
      ["__proto__", 3],
      ["grid", 8],
    ]);
    held.runs.get(id)!.finish();
  });
});
