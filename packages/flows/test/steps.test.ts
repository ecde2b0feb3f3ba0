import { figuresOf, type Mesh, readMesh, writeMesh } from "@modly-runs/mesh";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";

import { disc, listener, workshop } from "./support.ts";

let shop: Awaited<ReturnType<typeof workshop>>;
beforeAll(async () => {
  shop = await workshop();
});
afterAll(() => shop.remove());

/** A ball of a radius in metres; more rings, more triangles. */
function ball(radius: number, rings = 24): Mesh {
  const positions: number[] = [];
  const indices: number[] = [];
  const around = rings * 2;
  const at = (ring: number, side: number) => ring * around + (side % around);
  for (let ring = 0; ring <= rings; ring++)
    for (let side = 0; side < around; side++) {
      const [up, turn] = [(Math.PI * ring) / rings, (2 * Math.PI * side) / around];
      const out = ring === 0 || ring === rings ? 0 : Math.sin(up);
      positions.push(
        radius * out * Math.cos(turn),
        radius * Math.cos(up),
        radius * out * Math.sin(turn),
      );
    }
  for (let ring = 0; ring < rings; ring++)
    for (let side = 0; side < around; side++) {
      if (ring > 0) indices.push(at(ring, side), at(ring, side + 1), at(ring + 1, side));
      if (ring < rings - 1)
        indices.push(at(ring, side + 1), at(ring + 1, side + 1), at(ring + 1, side));
    }
  return {
    parts: [
      {
        positions: Float32Array.from(positions),
        indices: Uint32Array.from(indices),
        colour: [1, 0, 0],
      },
    ],
  };
}

const glb = async (mesh: Mesh, name = "ball") =>
  shop.keep((await writeMesh(mesh, "glb")).main, name, "mesh");

/** Runs one step with what it is given, and gives its outputs. */
async function one(
  uses: string,
  params: object,
  given: Record<string, Awaited<ReturnType<typeof shop.keep>>[]>,
) {
  const inputs = Object.fromEntries(
    Object.entries(given).map(([name, [first, ...more]]) => [
      name,
      { type: first!.type, ...(more.length > 0 ? { many: true } : {}) },
    ]),
  );
  const mapped = Object.fromEntries(Object.keys(given).map((name) => [name, `input.${name}`]));
  const text = JSON.stringify({
    version: 1,
    name: uses,
    inputs,
    steps: [{ id: "it", uses, with: params, inputs: mapped }],
  });
  const { rows } = await shop.run(text, given);
  return rows["it"]!;
}

async function meshOf(value: Parameters<typeof shop.bytes>[0]): Promise<Mesh> {
  const read = await readMesh(await shop.bytes(value), "glb");
  if (!read.ok) throw new Error(read.why);
  return read.value;
}

test("cutout leaves the object alone on a clear ground", async () => {
  const row = await one(
    "cutout",
    { margin: 0 },
    { image: [await shop.keep(await disc(), "disc")] },
  );
  const { data, info } = await sharp(await shop.bytes(row.outputs!["image"]))
    .raw()
    .toBuffer({ resolveWithObject: true });
  // A disc of 120 pixels, cut off at its edge.
  expect(Math.abs(info.width - 120)).toBeLessThanOrEqual(4);
  expect(Math.abs(info.height - 120)).toBeLessThanOrEqual(4);
  const pixel = (x: number, y: number) => [
    ...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4),
  ];
  expect(pixel(60, 60)).toEqual([255, 0, 0, 255]);
  expect(pixel(1, 1)[3]).toBe(0);
  const clear =
    data.filter((value, at) => at % 4 === 3 && value < 128).length / (info.width * info.height);
  expect(clear).toBeCloseTo(1 - Math.PI / 4, 1);
});

test("cutout follows a ground that goes from light to dark, and says so where there is none", async () => {
  const svg = `<svg width="300" height="300" xmlns="http://www.w3.org/2000/svg"><defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="#fff"/><stop offset="1" stop-color="#b8b8b8"/></linearGradient></defs><rect width="300" height="300" fill="url(#g)"/><rect x="100" y="100" width="100" height="100" fill="#0a3"/></svg>`;
  const shaded = await shop.keep(await sharp(Buffer.from(svg)).png().toBuffer(), "shaded");
  const row = await one("cutout", { margin: 0 }, { image: [shaded] });
  const { width, height } = await sharp(await shop.bytes(row.outputs!["image"])).metadata();
  expect([Math.abs(width - 100) < 5, Math.abs(height - 100) < 5]).toEqual([true, true]);

  const plain = await shop.keep(
    await sharp({ create: { width: 50, height: 50, channels: 3, background: "blue" } })
      .png()
      .toBuffer(),
    "plain",
  );
  expect((await one("cutout", {}, { image: [plain] })).error).toBe(
    "The picture is nothing but background.",
  );
  const nothing = await shop.keep(Buffer.from("no picture"), "nothing");
  expect((await one("cutout", {}, { image: [nothing] })).error).toMatch(
    /^The picture can't be read/,
  );
});

test("resize makes smaller, never larger, in the format that was asked for", async () => {
  const picture = await shop.keep(await disc("red", "white", 400), "disc");
  const row = await one("resize", { longest: 100, format: "webp" }, { image: [picture] });
  const { width, format } = await sharp(await shop.bytes(row.outputs!["image"])).metadata();
  expect([width, format, row.outputs!["width"]]).toEqual([
    100,
    "webp",
    { type: "number", number: 100 },
  ]);
  const large = await one("resize", { longest: 4000 }, { image: [picture] });
  expect(large.outputs!["width"]).toEqual({ type: "number", number: 400 });
});

test("simplify, scale, convert and measure do what their names say", async () => {
  const mesh = await glb(ball(0.5));
  const simple = await one("simplify", { triangles: 200 }, { mesh: [mesh] });
  const left = figuresOf(await meshOf(simple.outputs!["mesh"])).triangles;
  expect(left).toBeGreaterThan(50);
  expect(left).toBeLessThanOrEqual(220);
  expect(simple.outputs!["triangles"]).toEqual({ type: "number", number: left });

  const scaled = await one("scale", { size_mm: 80 }, { mesh: [mesh] });
  const { size, watertight } = figuresOf(await meshOf(scaled.outputs!["mesh"]));
  expect(Math.max(...size)).toBeCloseTo(0.08, 6);
  expect(watertight).toBe(true);

  const stl = await one("convert", { format: "stl", size_mm: 80 }, { mesh: [mesh] });
  const file = stl.outputs!["file"]!;
  expect(file).toMatchObject({ format: "stl", name: "ball" });
  const bytes = await shop.bytes(file);
  expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(80, true)).toBe(
    figuresOf(ball(0.5)).triangles,
  );

  const { outputs } = await one("measure", {}, { mesh: [mesh] });
  expect(outputs!["height"]).toMatchObject({ number: expect.closeTo(1, 4) as number });
  expect(outputs!["volume"]).toMatchObject({
    number: expect.closeTo((4 / 3) * Math.PI * 0.125, 1) as number,
  });
  expect(outputs!["summary"]).toMatchObject({
    text: expect.stringMatching(/ x 1 x 1 m, watertight$/) as string,
  });
});

test("merge stands meshes in a row, none in another", async () => {
  const row = await one(
    "merge",
    { gap: 0.5 },
    { meshes: [await glb(ball(0.5), "large"), await glb(ball(0.25), "small")] },
  );
  const { size, triangles } = figuresOf(await meshOf(row.outputs!["mesh"]));
  expect(size[0]).toBeCloseTo(1 + 0.5 + 0.5, 4);
  expect(triangles).toBe(2 * figuresOf(ball(0.5)).triangles);
  const inPlace = await one(
    "merge",
    { arrange: "in_place" },
    { meshes: [await glb(ball(0.5)), await glb(ball(0.25))] },
  );
  expect(figuresOf(await meshOf(inPlace.outputs!["mesh"])).size[0]).toBeCloseTo(1, 4);
});

test("pick takes the one with the most or the least", async () => {
  const meshes = [await glb(ball(0.5, 8), "coarse"), await glb(ball(0.5, 24), "fine")];
  const most = await one("pick", { by: "triangles" }, { meshes });
  expect(most.outputs).toMatchObject({ mesh: { name: "fine" }, index: { number: 2 } });
  const least = await one("pick", { by: "triangles", prefer: "least" }, { meshes });
  expect(least.outputs).toMatchObject({ mesh: { name: "coarse" }, index: { number: 1 } });
});

test("preview draws the mesh", async () => {
  const row = await one("preview", { width: 64, height: 48 }, { mesh: [await glb(ball(0.5))] });
  const picture = sharp(await shop.bytes(row.outputs!["image"]));
  expect(await picture.metadata()).toMatchObject({ width: 64, height: 48, format: "png" });
  const [red, green] = (await picture.stats()).channels;
  expect(red!.mean - green!.mean).toBeGreaterThan(20);
});

test("a mesh that is none ends the step with a sentence", async () => {
  const broken = await shop.keep(Buffer.from("glTF but not really"), "broken", "mesh");
  for (const [uses, params] of [
    ["measure", {}],
    ["convert", { format: "stl" }],
  ] as const)
    expect(await one(uses, params, { mesh: [broken] })).toMatchObject({
      state: { status: "failed" },
      error: expect.stringMatching(/^This is no GLB that can be read/) as string,
    });
});

test("http hands a file over, and again with the same key while the other stumbles", async () => {
  const other = await listener((_heard, nth, response) =>
    response.writeHead(nth === 1 ? 503 : 201).end("thanks"),
  );
  try {
    const text = JSON.stringify({
      version: 1,
      name: "send",
      inputs: { mesh: { type: "mesh" } },
      steps: [
        {
          id: "it",
          uses: "http",
          retries: 1,
          with: { url: other.url, token_env: "SECRET" },
          inputs: { file: "input.mesh" },
        },
      ],
    });
    const mesh = await glb(ball(0.5), "bäll");
    const { status, rows } = await shop.run(text, { mesh: [mesh] });
    expect([status, rows["it"]!.outputs]).toEqual([
      "done",
      { status: { type: "number", number: 201 }, body: { type: "text", text: "thanks" } },
    ]);
    const [first, second] = other.heard;
    expect(second!.body.equals(Buffer.from(await shop.bytes(mesh)))).toBe(true);
    expect(second!.headers).toMatchObject({
      "content-type": "model/gltf-binary",
      authorization: "Bearer s3cret",
      "content-disposition": `attachment; filename*=UTF-8''b%C3%A4ll.glb`,
    });
    // Another try is another attempt; the key tells both apart, and each from every other step.
    expect(first!.headers["idempotency-key"]).toMatch(/-1$/);
    expect(second!.headers["idempotency-key"]).toMatch(/-2$/);

    // What acts on the world is done in each flow run.
    await shop.run(text, { mesh: [mesh] });
    expect(other.heard.length).toBe(3);
  } finally {
    await other.stop();
  }
});

test("http says what the other answered", async () => {
  const other = await listener((_heard, _nth, response) => response.writeHead(404).end());
  const row = await one("http", { url: other.url }, { file: [await glb(ball(0.5))] });
  expect(row.error).toBe(`${other.url} answered 404.`);
  await other.stop();
  const gone = await one("http", { url: other.url }, { file: [await glb(ball(0.5))] });
  expect(gone.error).toMatch(/can't be reached: /);
});
