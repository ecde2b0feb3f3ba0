import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderGlb } from "@modly-runs/mesh/render";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import { convert, FORMATS } from "@modly-runs/mesh";
import { unzipSync } from "fflate";
import jsqr from "jsqr";
import { DOMParser } from "linkedom";
import newCode from "qrcode-generator";
import sharp from "sharp";
import { Box3, Mesh as ThreeMesh, type MeshPhongMaterial, type Object3D } from "three";
import { ThreeMFLoader } from "three/addons/loaders/3MFLoader.js";
import { OBJLoader } from "three/addons/loaders/OBJLoader.js";
import { PLYLoader } from "three/addons/loaders/PLYLoader.js";
import { STLLoader } from "three/addons/loaders/STLLoader.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { make } from "../../src/generators/builtin/make.ts";
import type { ModelId } from "../../src/generators/builtin/models.ts";
import { withDefaults } from "../../src/generators/builtin/params.ts";
import { complaints, readArrays, solidity, solidsOf, type Arrays } from "./measure.ts";
import {
  curvesOf,
  heightsOf,
  outlineFromAbove,
  toCurves,
  toPolyline,
  type Point,
} from "./outlines.ts";
import { mergeByPosition, topologyOf } from "./topology.ts";
import { WORDS } from "./set/words.ts";

// A CommonJS module whose types describe it as an ES module.
const decodeQr = jsqr as unknown as typeof jsqr.default;

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-printable-"));
  await simplifierReady;
});
afterAll(() => rm(directory, { recursive: true }));

async function glbOf(model: ModelId, picture: Buffer, params = {}): Promise<Buffer> {
  const imagePath = join(directory, "picture");
  const meshPath = join(directory, "mesh.glb");
  await writeFile(imagePath, picture);
  const made = await make({ model, imagePath, meshPath, params: withDefaults(params) }, () => {});
  expect(made).toEqual({ ok: true });
  const glb = await readFile(meshPath);
  expect(await complaints(glb)).toEqual([]);
  return glb;
}

/** The mesh in millimetres. */
async function partOf(model: ModelId, picture: Buffer, params = {}): Promise<Arrays> {
  const arrays = await readArrays(await glbOf(model, picture, { size_mm: 100, ...params }));
  expect(await solidity(arrays)).toBe("NoError");
  return { ...arrays, positions: arrays.positions.map((metres) => metres * 1000) };
}

const draw = (body: string, width = 500, height = 500): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" fill="#204080">${body}</svg>`,
    ),
  )
    .png()
    .toBuffer();

function extentOf({ positions }: Arrays, axis: number): number {
  const values = positions.filter((_, i) => i % 3 === axis);
  return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
}

const star: Point[] = Array.from({ length: 10 }, (_, k) => {
  const r = k % 2 === 0 ? 230 : 95;
  const angle = (k * Math.PI) / 5 - Math.PI / 2;
  return [250 + r * Math.cos(angle), 250 + r * Math.sin(angle)];
});
const circle: Point[] = Array.from({ length: 720 }, (_, k) => [
  250 + 210.3 * Math.cos((k * Math.PI) / 360),
  250 + 210.3 * Math.sin((k * Math.PI) / 360),
]);
/** The letter K, its strokes straight and at angles that no grid has. */
const letter: Point[] = [
  [120, 60],
  [190, 60],
  [190, 225],
  [322, 60],
  [410, 60],
  [262, 238],
  [421, 443],
  [333, 443],
  [190, 259],
  [190, 443],
  [120, 443],
];

describe("builtin/extrude", () => {
  it.each([
    ["a star", star],
    ["a circle", circle],
    ["a letter", letter],
  ])("follows the true curve of %s to three quarters of a pixel", async (_, curve) => {
    const picture = await draw(`<polygon points="${curve.map((p) => p.join()).join(" ")}"/>`);
    const outline = outlineFromAbove(await partOf("builtin/extrude", picture));
    const { worst, overlap } = toCurves(outline, [curve]);
    expect(worst).toBeLessThanOrEqual(0.75);
    expect(overlap).toBeGreaterThanOrEqual(0.99);
  });

  it.each(["hello", "serif", "italic", "mono"] as const)(
    "follows the true curves of a font's letters to three quarters of a pixel: %s",
    async (name) => {
      const { path, width, lines } = WORDS[name];
      const [side, margin] = [1024, 40];
      const scale = (side - 2 * margin) / width;
      const high = Math.ceil((lines * 1200 * scale + 2 * margin) / 2) * 2;
      const [left, top] = [margin, margin + 900 * scale] as const;
      const picture = await draw(
        `<path transform="translate(${left} ${top}) scale(${scale})" d="${path}"/>`,
        side,
        high,
      );
      const outline = outlineFromAbove(await partOf("builtin/extrude", picture));
      const { worst, overlap } = toCurves(outline, curvesOf(path, scale, [left, top]));
      expect(worst).toBeLessThanOrEqual(0.75);
      expect(overlap).toBeGreaterThanOrEqual(0.99);
    },
  );

  it("keeps holes, and thickness and size in millimetres", async () => {
    const ring = `<path fill-rule="evenodd" d="M50 50h400v300h-400z M150 130h200v140h-200z"/>`;
    const part = await partOf("builtin/extrude", await draw(ring), { size_mm: 80, thickness: 5 });
    expect(extentOf(part, 0)).toBeCloseTo(80, 3);
    expect(extentOf(part, 1)).toBeCloseTo(60, 1);
    expect(extentOf(part, 2)).toBeCloseTo(5, 3);
    const [solid, ...more] = await solidsOf(part);
    expect(more).toEqual([]);
    expect(solid!.genus).toBe(1);
    expect(solid!.volume).toBeCloseTo((80 * 60 - 40 * 28) * 5, -2);
  });

  it("raises no two walls that share an edge where corners meet in a point", async () => {
    const meeting = `<path d="M50 50L250 250L50 450z"/><path d="M450 50L250 250L450 450z"/>`;
    const part = await partOf("builtin/extrude", await draw(meeting));
    expect(topologyOf(mergeByPosition(part.positions, part.indices)).openEdges).toBe(0);
  });

  it("joins squares of pixel art that touch by a corner alone", async () => {
    const squares = [0, 1, 2, 3].map((k) => `<path d="M${k} ${k}h1v1h-1z"/>`).join("");
    const diagonal = `<g transform="scale(100)" shape-rendering="crispEdges">${squares}</g>`;
    const glb = await glbOf("builtin/extrude", await draw(diagonal, 400, 400), { size_mm: 100 });
    const part = await readArrays(glb);
    expect(await solidsOf(part)).toHaveLength(1);
    expect(part.extras).toMatchObject({ bridges: 3 });
    // Drawn with smooth edges they are no squares, and stay apart as they are.
    const smooth = diagonal.replace("scale(100)", "rotate(3) scale(97)");
    expect(await solidsOf(await partOf("builtin/extrude", await draw(smooth)))).toHaveLength(4);
  });

  it.each(["chamfer", "round"] as const)("bevels with a %s and stays one solid", async (bevel) => {
    const picture = await draw(`<polygon points="${letter.map((p) => p.join()).join(" ")}"/>`);
    const sharpPart = await solidsOf(await partOf("builtin/extrude", picture));
    const part = await partOf("builtin/extrude", picture, { bevel, bevel_size: 1 });
    const solids = await solidsOf(part);
    expect(solids).toHaveLength(1);
    expect(solids[0]!.volume).toBeLessThan(sharpPart[0]!.volume);
    expect(solids[0]!.volume).toBeGreaterThan(sharpPart[0]!.volume * 0.85);
  });

  it("holds loose letters together on a plate, with a ring", async () => {
    const two = await draw(
      `<rect x="60" y="60" width="150" height="300"/><circle cx="360" cy="210" r="90"/>`,
    );
    expect(await solidsOf(await partOf("builtin/extrude", two))).toHaveLength(2);
    for (const plate of ["rectangle", "rounded", "outline"]) {
      const params = { plate, margin: 30, ring: plate === "rounded" };
      const part = await partOf("builtin/extrude", two, params);
      const solids = await solidsOf(part);
      expect(solids).toHaveLength(1);
      expect(solids[0]!.genus).toBe(plate === "rounded" ? 1 : 0);
      expect(Math.max(extentOf(part, 0), extentOf(part, 1))).toBeCloseTo(100, 1);
    }
  });

  it("has each part's own colour on its back, and no mark of the front", async () => {
    const picture = await draw(
      `<rect x="60" y="60" width="150" height="300" fill="#d03020"/>
       <circle cx="360" cy="210" r="90" fill="#2040a0"/><circle cx="360" cy="210" r="30" fill="#ffe030"/>`,
    );
    const glb = await glbOf("builtin/extrude", picture);
    const back = await renderGlb(glb, { width: 200, height: 200, fov: 0, lit: false, yaw: 180 });
    const colours = { red: 0, blue: 0, yellow: 0 };
    for (let i = 0; i < back.pixels.length; i += 4) {
      const [r = 0, g = 0, b = 0] = back.pixels.subarray(i, i + 4);
      if (r > 150 && g < 110 && b < 110) colours.red++;
      else if (r < 110 && g < 120 && b > 110) colours.blue++;
      else if (r > 170 && g > 150 && b < 120) colours.yellow++;
    }
    expect(colours.red).toBeGreaterThan(2000);
    expect(colours.blue).toBeGreaterThan(2000);
    expect(colours.yellow).toBe(0);
  });

  it("engraves, and makes what the presets promise", async () => {
    const picture = await draw(`<polygon points="${star.map((p) => p.join()).join(" ")}"/>`);
    const one = async (params: object) => {
      const part = await partOf("builtin/extrude", picture, params);
      expect(await solidsOf(part)).toHaveLength(1);
      return part;
    };
    expect(
      extentOf(await one({ relief: "engrave", plate_thickness: 4, thickness: 1 }), 2),
    ).toBeCloseTo(4, 3);
    expect(extentOf(await one({ preset: "cutter" }), 2)).toBeCloseTo(14, 3);
    expect((await solidsOf(await one({ preset: "keyring" })))[0]!.genus).toBe(1);
    await one({ preset: "sign" });
    await one({ preset: "stamp" });
  });

  it("mirrors a stamp and nothing else", async () => {
    const picture = await draw(`<polygon points="${letter.map((p) => p.join()).join(" ")}"/>`);
    const heavyLeft = async (params: object): Promise<boolean> => {
      const glb = await glbOf("builtin/extrude", picture, params);
      const { positions } = await readArrays(glb);
      const top = positions.filter((_, i) => i % 3 === 2).reduce((a, b) => Math.max(a, b));
      const xs = positions.filter((_, i) => i % 3 === 0 && positions[i + 2]! > top - 1e-6);
      // The K's straight stem has its points on the left.
      return xs.filter((x) => x < -0.1).length > xs.filter((x) => x > 0.1).length;
    };
    expect(await heavyLeft({ preset: "sign", bevel: "none" })).not.toBe(
      await heavyLeft({ preset: "stamp" }),
    );
  });

  it("stacks flat colours as bodies, and a QR code stays readable", async () => {
    const code = newCode(0, "M");
    code.addData("https://example.org/modly");
    code.make();
    const picture = await qrPicture(code);
    for (const params of [
      { colours: 2, plate: "rectangle" },
      { plate: "rounded", thickness: 1 },
    ]) {
      const glb = await glbOf("builtin/extrude", picture, params);
      const seen = await renderGlb(glb, { width: 480, height: 480, fov: 0, lit: false });
      const found = decodeQr(new Uint8ClampedArray(seen.pixels), 480, 480);
      expect(found?.data).toBe("https://example.org/modly");
      expect(await solidity(await readArrays(glb))).toBe("NoError");
    }
  });
});

async function qrPicture(code: {
  getModuleCount(): number;
  isDark(row: number, column: number): boolean;
}): Promise<Buffer> {
  const count = code.getModuleCount();
  const cells = Array.from(
    { length: count * count },
    (_, i) => [i % count, Math.floor(i / count)] as const,
  );
  const dark = cells.filter(([x, y]) => code.isDark(y, x));
  const body = dark
    .map(([x, y]) => `<rect x="${x + 4}" y="${y + 4}" width="1" height="1"/>`)
    .join("");
  const side = count + 8;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="660" height="660" shape-rendering="crispEdges"><rect width="${side}" height="${side}" fill="#fff"/>${body}</svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
}

describe("the size of a part", () => {
  /** What three.js' loaders read: a parser of others for each format. */
  const readers: Readonly<Record<"stl" | "obj" | "ply" | "3mf", (bytes: Uint8Array) => Object3D>> =
    {
      stl: (bytes) => new ThreeMesh(new STLLoader().parse(bytes.slice().buffer)),
      obj: (bytes) => new OBJLoader().parse(new TextDecoder().decode(bytes)),
      ply: (bytes) => new ThreeMesh(new PLYLoader().parse(bytes.slice().buffer)),
      "3mf": (bytes) => read3mf(bytes),
    };

  const plain = `<rect x="50" y="90" width="400" height="200"/>`;
  const two = `${plain}<rect x="80" y="120" width="100" height="90" fill="#d02020"/>`;

  async function written(
    format: keyof typeof readers,
    params: object,
    picture = plain,
  ): Promise<Object3D> {
    const glb = await glbOf("builtin/extrude", await draw(picture), params);
    const file = await convert(glb, { from: "glb", to: format });
    if (!file.ok) throw new Error(file.why);
    return readers[format](file.value.main);
  }

  it.each([
    ["stl", {}, 100],
    ["stl", { size_mm: 42 }, 42],
    ["3mf", { size_mm: 42 }, 42],
    // These two are in metres, as what they are for has it.
    ["obj", { size_mm: 42 }, 0.042],
    ["ply", { size_mm: 42 }, 0.042],
  ] as const)(
    "in %s with %o is %s long, as another program reads it",
    async (format, params, length) => {
      const thick = { thickness: 3, colours: 1, ...params };
      const { min, max } = new Box3().setFromObject(await written(format, thick));
      const sides = [max.x - min.x, max.y - min.y, max.z - min.z].toSorted((a, b) => b - a);
      const mm = FORMATS[format].printed ? 1 : 0.001;
      expect(sides[0]! / mm).toBeCloseTo(length / mm, 2);
      expect(sides[1]! / mm).toBeCloseTo(length / mm / 2, 1);
      expect(sides[2]! / mm).toBeCloseTo(3, 2);
    },
  );

  it.each([
    ["a sign on its back", "builtin/extrude", {}, 3],
    ["a figure on its flat back", "builtin/inflate", { back: "flat" }, 10],
    ["a relief on its back", "builtin/relief", {}, 15],
    ["a turned body on its foot", "builtin/lathe", {}, 50],
    ["a lithophane upright", "builtin/lithophane", {}, 100],
  ] as const)("lies as it is printed: %s", async (_, model, params, high) => {
    const glb = await glbOf(model, await draw(plain), params);
    const boxes: Box3[] = [];
    for (const format of ["stl", "3mf"] as const) {
      const file = await convert(glb, { from: "glb", to: format });
      if (!file.ok) throw new Error(file.why);
      boxes.push(new Box3().setFromObject(readers[format](file.value.main)));
    }
    for (const { min, max } of boxes) {
      expect(min.z).toBeCloseTo(0, 3);
      expect(max.z / high).toBeCloseTo(1, 1);
    }
  });

  it.each([
    ["bodies of one colour each", two, { colours: 2 }, ["204080", "d02020"]],
    ["a shape on a plate, one solid", plain, { plate: "rectangle" }, ["204080", "ecece8"]],
  ])("is in a 3MF with its unit and colours: %s", async (_, picture, params, expected) => {
    const part = await written("3mf", { size_mm: 42, ...params }, picture);
    const colours: string[] = [];
    part.traverse((one) => {
      if (!(one instanceof ThreeMesh)) return;
      const { material, geometry } = one;
      expect(geometry.getAttribute("position").count).toBeGreaterThan(0);
      colours.push((material as MeshPhongMaterial).color.getHexString());
    });
    expect(colours.toSorted()).toEqual(expected);
  });
});

/** three.js' reader asks the browser for its XML; what it says of the unit is not in what it returns. */
function read3mf(bytes: Uint8Array): Object3D {
  vi.stubGlobal("DOMParser", DOMParser);
  try {
    const model = unzipSync(bytes)["3D/3dmodel.model"];
    const xml = new DOMParser().parseFromString(new TextDecoder().decode(model), "text/xml");
    expect(xml.querySelector("model")?.getAttribute("unit")).toBe("millimeter");
    return new ThreeMFLoader().parse(bytes.slice().buffer);
  } finally {
    vi.unstubAllGlobals();
  }
}

describe("builtin/lathe", () => {
  it("is round to half a percent", async () => {
    const vase = `<path d="M180 40h140c0 90 70 120 70 220s-50 150-80 200h-120c-30-50-80-100-80-200s70-130 70-220z"/>`;
    const part = await partOf("builtin/lathe", await draw(vase));
    const { positions } = part;
    const rings = new Map<string, number[]>();
    for (let p = 0; p < positions.length; p += 3) {
      const y = positions[p + 1]!.toFixed(2);
      rings.set(y, [...(rings.get(y) ?? []), Math.hypot(positions[p]!, positions[p + 2]!)]);
    }
    const full = [...rings.values()].filter((ring) => ring.length >= 12 && Math.max(...ring) > 5);
    expect(full.length).toBeGreaterThan(5);
    for (const ring of full) {
      expect((Math.max(...ring) - Math.min(...ring)) / Math.max(...ring)).toBeLessThanOrEqual(
        0.005,
      );
    }
    expect(extentOf(part, 2) / extentOf(part, 0)).toBeCloseTo(1, 2);
  });

  it("keeps a handle beside the round body", async () => {
    const mug = await readFile(new URL("../../../../examples/mug.png", import.meta.url));
    const glb = await glbOf("builtin/lathe", mug);
    const arrays = await readArrays(glb);
    expect(arrays.extras).toMatchObject({ handle: true });
    expect(extentOf(arrays, 0)).toBeGreaterThan(extentOf(arrays, 2) * 1.2);
    const without = await readArrays(await glbOf("builtin/lathe", mug, { handle: false }));
    expect(extentOf(without, 0)).toBeCloseTo(extentOf(without, 2), 2);
  });
});

describe("builtin/lithophane", () => {
  const photograph = (): Promise<Buffer> =>
    readFile(new URL("set/photographs/cat.jpg", import.meta.url));
  const light = { thin: 0.6, thick: 3, material: "custom", attenuation: 0.9 };

  it("lets light through in the tones of the picture", async () => {
    const picture = await photograph();
    const part = await partOf("builtin/lithophane", picture, { ...light, frame: 0 });
    expect(extentOf(part, 2)).toBeLessThanOrEqual(3.001);
    const side = 160;
    const { data, info } = await sharp(picture)
      .autoOrient()
      .resize(side, side, { fit: "inside" })
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const heights = heightsOf(part, info.width, info.height);
    const [dark, bright] = [Math.exp(-0.9 * 3), Math.exp(-0.9 * 0.6)];
    const shown = heights.map((mm) => {
      const through = (Math.exp(-0.9 * mm) - dark) / (bright - dark);
      return toSrgb(Math.max(0, Math.min(1, through))) * 255;
    });
    expect(similarity(shown, Float64Array.from(data), info.width, info.height)).toBeGreaterThan(
      0.9,
    );
  });

  it("shows more of what is in the dark if asked to", async () => {
    const width = 90;
    const night = await sharp(
      await readFile(new URL("set/photographs/rocket.jpg", import.meta.url)),
    )
      .resize(180)
      .png()
      .toBuffer();
    const { data, info } = await sharp(night)
      .resize(width)
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const structure = async (shadows: number): Promise<number> => {
      const part = await partOf("builtin/lithophane", night, { ...light, frame: 0, shadows });
      // Against the bare light of the thinnest spot, with the grey that the thickest one lets through.
      const seen = heightsOf(part, width, info.height).map(
        (mm) => toSrgb(Math.exp(-0.9 * (mm - 0.6))) * 255,
      );
      return similarity(seen, Float64Array.from(data), width, info.height, "structure");
    };
    expect(await structure(1)).toBeGreaterThan((await structure(0)) + 0.03);
  });

  it.each(["flat", "arc", "cylinder"])(
    "bends to %s, closed and as large as asked for",
    async (bend) => {
      const part = await partOf("builtin/lithophane", await photograph(), {
        bend,
        foot: true,
        resolution: 0.8,
      });
      expect(Math.max(...[0, 1, 2].map((axis) => extentOf(part, axis)))).toBeCloseTo(100, 1);
      expect(await solidsOf(part)).toHaveLength(1);
    },
  );
});

function toSrgb(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** Mean structural similarity over windows of 8 × 8 (Wang, Bovik, Sheikh and Simoncelli, 2004). */
function similarity(
  a: Float64Array,
  b: Float64Array,
  width: number,
  height: number,
  of: "all" | "structure" = "all",
): number {
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  let [sum, count] = [0, 0];
  for (let y = 0; y + 8 <= height; y += 4) {
    for (let x = 0; x + 8 <= width; x += 4) {
      let [ma, mb, aa, bb, ab] = [0, 0, 0, 0, 0];
      for (let k = 0; k < 64; k++) {
        const at = (y + (k >> 3)) * width + x + (k & 7);
        const [p, q] = [a[at]!, b[at]!];
        ma += p / 64;
        mb += q / 64;
        aa += (p * p) / 64;
        bb += (q * q) / 64;
        ab += (p * q) / 64;
      }
      const [va, vb, cov] = [aa - ma * ma, bb - mb * mb, ab - ma * mb];
      const level = of === "all" ? (2 * ma * mb + c1) / (ma * ma + mb * mb + c1) : 1;
      sum += (level * (2 * cov + c2)) / (va + vb + c2);
      count++;
    }
  }
  return sum / count;
}

it("measures distances to a polyline", () => {
  expect(
    toPolyline(
      [0, 1],
      [
        [-1, 0],
        [1, 0],
      ],
    ),
  ).toBe(1);
});
