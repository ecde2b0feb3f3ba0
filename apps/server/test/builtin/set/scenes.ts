import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderGlb } from "@modly-runs/mesh/render";
import sharp from "sharp";
import { make } from "../../../src/generators/builtin/make.ts";
import type { ModelId } from "../../../src/generators/builtin/models.ts";
import { withDefaults } from "../../../src/generators/builtin/params.ts";
import { simplifierReady } from "@modly-runs/mesh/simplify";
import { figure } from "./borrowed.ts";
import { drawing, example, photograph } from "./compose.ts";
import type { Drawn } from "./picture.ts";
import { clouds, landscape, randomNumbers, stone } from "./surfaces.ts";

/** A photograph of a thing before something uneven, of which every pixel is known to be the thing's or not. */
export interface Scene {
  readonly name: string;
  draw(): Promise<Buffer>;
  /** 255 where the thing is, one byte a pixel. */
  mask(): Promise<{ readonly width: number; readonly height: number; readonly data: Buffer }>;
}

const emoji = (icon: string) => (): Promise<Buffer> => figure(icon).draw();

/** What stands in the scenes: meshes, turned and lit. */
const THINGS = {
  vase: ["builtin/lathe", () => drawing("bottle")],
  pawn: ["builtin/lathe", () => drawing("pawn")],
  boot: ["builtin/inflate", () => drawing("boot")],
  apple: ["builtin/inflate", () => drawing("apple")],
  duck: ["builtin/inflate", () => example("duck")],
  rocket: ["builtin/inflate", () => drawing("rocket")],
  mug: ["builtin/inflate", () => example("mug")],
  teapot: ["builtin/inflate", emoji("teapot")],
  bear: ["builtin/inflate", emoji("teddy-bear")],
  elephant: ["builtin/inflate", emoji("elephant")],
  cactus: ["builtin/inflate", emoji("cactus")],
  guitar: ["builtin/inflate", emoji("guitar")],
  owl: ["builtin/inflate", emoji("owl")],
  trophy: ["builtin/inflate", emoji("trophy")],
  bag: ["builtin/inflate", emoji("backpack")],
  bulb: ["builtin/inflate", emoji("light-bulb")],
  pear: ["builtin/inflate", emoji("pear")],
  hat: ["builtin/inflate", emoji("top-hat")],
  fox: ["builtin/inflate", emoji("fox")],
  truck: ["builtin/inflate", emoji("pickup-truck")],
} as const satisfies Readonly<Record<string, readonly [ModelId, () => Promise<Buffer>]>>;

/** What they stand before: photographs and surfaces. */
const GROUNDS = {
  bricks: () => photograph("brick.jpg"),
  grass: () => photograph("grass.jpg"),
  gravel: () => photograph("gravel.jpg"),
  table: () => photograph("cup.jpg"),
  night: () => photograph("rocket.jpg"),
  lawn: () => photograph("camera.jpg"),
  hills: () => landscape().png().toBuffer(),
  stone: () => stone().png().toBuffer(),
} as const;

/** What is grey in a file was not grey: red, green and blue of the light that a ground is seen in. */
const TINTS: Partial<Record<keyof typeof GROUNDS, readonly [number, number, number]>> = {
  bricks: [1.3, 0.9, 0.72],
  grass: [0.78, 1.08, 0.5],
  gravel: [1.08, 1, 0.88],
};

const SIZE = { width: 640, height: 480 };

const meshes = new Map<string, Promise<Buffer>>();

async function meshOf(name: keyof typeof THINGS): Promise<Buffer> {
  const [model, draw] = THINGS[name];
  const directory = await mkdtemp(join(tmpdir(), "modly-runs-scene-"));
  try {
    await simplifierReady;
    const [imagePath, meshPath] = [join(directory, "picture"), join(directory, "mesh.glb")];
    await writeFile(imagePath, await draw());
    const made = await make({ model, imagePath, meshPath, params: withDefaults({}) }, () => {});
    if (!made.ok) throw new Error(made.error);
    return await readFile(meshPath);
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface Setting {
  readonly thing: keyof typeof THINGS;
  readonly ground: keyof typeof GROUNDS;
  /** Decides where it stands, how large it is, how it is turned and lit. */
  readonly seed: number;
}

/** The picture before it is compressed, and whose each pixel is. */
async function compose({ thing: name, ground, seed }: Setting) {
  const random = randomNumbers(seed);
  const { width, height } = SIZE;
  const mesh = meshes.get(name) ?? meshOf(name);
  meshes.set(name, mesh);
  const side = Math.round(height * (0.42 + 0.4 * random()));
  const seen = await renderGlb(await mesh, {
    width: side,
    height: side,
    yaw: -35 + 70 * random(),
    pitch: 4 + 16 * random(),
    margin: 0,
    background: null,
    samples: 3,
  });
  const left = Math.round((width - side) / 2 + (random() - 0.5) * 0.3 * (width - side));
  const top = Math.round((height - side) / 2 + (random() - 0.3) * 0.5 * (height - side));
  const focus = 0.3 + 2.2 * random();
  const behind = await sharp(await GROUNDS[ground]())
    .resize(width, height, { fit: "cover" })
    .blur(focus)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer();
  const [lampX, lampY, lamp] = [random() - 0.5, random() - 0.5, 0.1 + 0.3 * random()];
  const [fade, tint] = [0.5 + 0.4 * random(), (random() - 0.5) * 0.16];
  const grain = clouds(seed + 1, 6);
  const spots = clouds(seed + 2, 40);
  const colour = TINTS[ground] ?? [1, 1, 1];
  const mask = Buffer.alloc(width * height);
  const data = Buffer.alloc(width * height * 3);
  const noise = 2 + 4 * random();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const [u, v] = [x - left, y - top];
      const inside = u >= 0 && v >= 0 && u < side && v < side;
      const from = (v * side + u) * 4;
      const cover = inside ? seen.pixels[from + 3]! / 255 : 0;
      mask[pixel] = cover > 0.5 ? 255 : 0;
      const light = 1 + lamp * 2 * (lampX * (x / width - 0.5) + lampY * (y / height - 0.5)) * 2;
      const below = Math.hypot(
        (x - left - side / 2) / (side * 0.55),
        (y - top - side * 0.97) / (side * 0.12),
      );
      const shadow = 1 - fade * 0.7 * Math.max(0, 1 - below);
      const skin = 1 + 0.07 * grain(x, y) + 0.1 * spots(x, y);
      const sensor = (random() + random() + random() - 1.5) * noise;
      for (let k = 0; k < 3; k++) {
        const back = behind[pixel * 3 + k]! * colour[k]! * shadow;
        const front = cover === 0 ? 0 : seen.pixels[from + k]! * skin;
        const warm = k === 0 ? 1 + tint : k === 2 ? 1 - tint : 1;
        const value = (back * (1 - cover) + front * cover) * light * warm + sensor;
        data[pixel * 3 + k] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  return { data, mask };
}

const kept = new Map<string, ReturnType<typeof compose>>();

function scene(setting: Setting): Scene {
  const name = `${setting.thing}-on-${setting.ground}`;
  const composed = (): ReturnType<typeof compose> => {
    const key = `${name} ${setting.seed}`;
    const made = kept.get(key) ?? compose(setting);
    kept.set(key, made);
    return made;
  };
  return {
    name,
    // A lens is never as sharp as a sensor.
    draw: async () =>
      sharp((await composed()).data, { raw: { ...SIZE, channels: 3 } })
        .blur(0.6)
        .jpeg({ quality: 88 })
        .toBuffer(),
    mask: async () => ({ ...SIZE, data: (await composed()).mask }),
  };
}

const things = Object.keys(THINGS) as (keyof typeof THINGS)[];
const grounds = Object.keys(GROUNDS) as (keyof typeof GROUNDS)[];

/** Every thing before two or more of the grounds; another `seed` places, turns and lights them otherwise. */
export function scenes(count: number, seed = 1): Scene[] {
  return Array.from({ length: count }, (_, k) =>
    scene({
      thing: things[k % things.length]!,
      ground: grounds[(k * 3 + Math.floor(k / things.length)) % grounds.length]!,
      seed: seed * 1000 + k,
    }),
  );
}

/** One of the forty for the set of pictures. */
export function thing(name: string): Drawn {
  const one = scenes(40).find((candidate) => candidate.name === name)!;
  return { name, draw: one.draw };
}
