import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { DRAWINGS, type DrawingName } from "./drawings.ts";

/** A picture of the set, drawn when it is asked for. */
export interface TestPicture {
  readonly name: string;
  /** What it stands for. */
  readonly about: string;
  /** What builtin/auto must make of it. */
  readonly expect: "extrude" | "inflate" | "lathe" | "relief" | "refused";
  /** The file as somebody might upload it. */
  draw(): Promise<Buffer>;
  /** For cut-outs: the upright picture with the true outline in its alpha channel. */
  truth?(): Promise<Buffer>;
}

const example = (name: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`../../../../examples/${name}.png`, import.meta.url)));

const photograph = (file: string): Promise<Buffer> =>
  readFile(fileURLToPath(new URL(`photographs/${file}`, import.meta.url)));

const drawing = (name: DrawingName): Promise<Buffer> =>
  sharp(Buffer.from(DRAWINGS[name])).png().toBuffer();

/** A drawing with an alpha channel, its own truth. */
function cutout(
  name: DrawingName,
  about: string,
  file: (image: Sharp) => Sharp = (image) => image.png(),
  expect: TestPicture["expect"] = "inflate",
): TestPicture {
  const truth = () => drawing(name);
  return {
    name,
    about,
    expect,
    truth,
    draw: async () => file(sharp(await truth())).toBuffer(),
  };
}

/** A drawing set on an opaque ground with room around it; the truth is known because we drew it. */
function product(
  name: DrawingName,
  about: string,
  ground: (width: number, height: number) => string,
  file: (image: Sharp) => Sharp = (image) => image.png(),
  expect: TestPicture["expect"] = "inflate",
): TestPicture {
  const room = 80;
  const above = async (): Promise<Buffer> =>
    sharp(await drawing(name))
      .extend({ top: room, bottom: room, left: room, right: room, background: CLEAR })
      .png()
      .toBuffer();
  const draw = async (): Promise<Buffer> => {
    const object = await above();
    const { width, height } = await sharp(object).metadata();
    const below = Buffer.from(svg(width, height, ground(width, height)));
    const scene = sharp(below)
      .composite([{ input: object }])
      .removeAlpha()
      .png();
    return file(sharp(await scene.toBuffer())).toBuffer();
  };
  // The colours as the file has them (a CMYK file cannot hold all), the outline as it was drawn.
  const truth = async (): Promise<Buffer> => {
    const alpha = await sharp(await above())
      .extractChannel("alpha")
      .toBuffer();
    const colours = await sharp(await draw())
      .autoOrient()
      .toColourspace("srgb")
      .removeAlpha()
      .png()
      .toBuffer();
    return sharp(colours).joinChannel(alpha).png().toBuffer();
  };
  return { name: `${name}-opaque`, about, expect, truth, draw };
}

const CLEAR = { r: 0, g: 0, b: 0, alpha: 0 };

function svg(width: number, height: number, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`;
}

const plain =
  (colour: string) =>
  (width: number, height: number): string =>
    `<rect width="${width}" height="${height}" fill="${colour}"/>`;

const shaded = (width: number, height: number): string =>
  `<defs><radialGradient id="s" cx="0.5" cy="0.45" r="0.8"><stop offset="0" stop-color="#d2d2d4"/><stop offset="1" stop-color="#a6a7aa"/></radialGradient></defs>
  <rect width="${width}" height="${height}" fill="url(#s)"/>`;

const shadowed = (width: number, height: number): string =>
  `<defs><filter id="b" x="-50%" y="-200%" width="200%" height="500%"><feGaussianBlur stdDeviation="22"/></filter></defs>
  <rect width="${width}" height="${height}" fill="#fff"/>
  <ellipse cx="${width / 2}" cy="${height - 92}" rx="${width * 0.32}" ry="20" fill="#000" opacity="0.35" filter="url(#b)"/>`;

/** Numbers 0..1 that are the same at every run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function raw(
  width: number,
  height: number,
  paint: (x: number, y: number) => readonly [number, number, number, number?],
): Sharp {
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b, a = 255] = paint(x, y);
      data.set(
        [r, g, b, a].map((v) => Math.max(0, Math.min(255, Math.round(v)))),
        (y * width + x) * 4,
      );
    }
  }
  return sharp(data, { raw: { width, height, channels: 4 } });
}

/** Smooth noise of several scales, -1..1: what clouds, rock and plaster have in common. */
function clouds(seed: number, cell: number): (x: number, y: number) => number {
  const random = randomNumbers(seed);
  const lattice = Float64Array.from({ length: 64 * 64 }, () => random() * 2 - 1);
  const at = (x: number, y: number): number => lattice[(y & 63) * 64 + (x & 63)]!;
  const smooth = (x: number, y: number): number => {
    const [x0, y0] = [Math.floor(x), Math.floor(y)];
    const [u, v] = [x - x0, y - y0].map((t) => t * t * (3 - 2 * t)) as [number, number];
    const upper = at(x0, y0) * (1 - u) + at(x0 + 1, y0) * u;
    const lower = at(x0, y0 + 1) * (1 - u) + at(x0 + 1, y0 + 1) * u;
    return upper * (1 - v) + lower * v;
  };
  return (x, y) =>
    [1, 2, 4, 8].reduce((sum, k) => sum + smooth((x * k) / cell, (y * k) / cell) / k, 0) / 1.6;
}

function landscape(): Sharp {
  const rough = clouds(3, 90);
  const fine = clouds(4, 12);
  return raw(600, 400, (x, y) => {
    const far = 170 + 40 * rough(x * 0.7, 10);
    const near = 270 + 60 * rough(x * 0.5, 200);
    const grain = 10 * fine(x, y);
    if (y < far) {
      const c = 40 * Math.max(0, rough(x * 0.6, y * 1.4));
      return [120 + y * 0.4 + c + grain, 165 + y * 0.25 + c * 0.8 + grain, 225 + c * 0.4 + grain];
    }
    if (y < near) return [96 + 30 * fine(x, y) + grain, 110 + 30 * fine(x, y), 100 + grain];
    return [60 + 50 * fine(x * 2, y) + grain, 92 + 55 * fine(x * 2, y), 40 + grain];
  });
}

function stone(): Sharp {
  const rough = clouds(7, 120);
  const fine = clouds(8, 14);
  return raw(480, 480, (x, y) => {
    const v = 128 + 70 * rough(x, y) + 30 * fine(x, y);
    return [v, v * 0.96, v * 0.9];
  });
}

function bricks(): Sharp {
  const fine = clouds(5, 10);
  return raw(512, 384, (x, y) => {
    const row = Math.floor(y / 32);
    const mortar = y % 32 < 4 || (x + (row % 2) * 32) % 64 < 4;
    const g = 22 * fine(x, y);
    return mortar ? [190 + g, 184 + g, 172 + g] : [150 + g + ((row * 37) % 23), 72 + g, 56 + g];
  });
}

function coins(): Sharp {
  const random = randomNumbers(11);
  const discs = Array.from({ length: 16 }, (_, k) => ({
    x: 64 + (k % 4) * 128 + random() * 16,
    y: 64 + Math.floor(k / 4) * 128,
    r: 30 + random() * 24,
  }));
  const fine = clouds(12, 16);
  return raw(512, 512, (x, y) => {
    const disc = discs.find((d) => Math.hypot(x - d.x, y - d.y) < d.r);
    const ground = 60 + 40 * (x / 512) + 25 * fine(x, y) + (y > 300 ? 35 : 0);
    const v =
      disc === undefined ? ground : 150 + 60 * ((disc.x - x) / disc.r) + 25 * fine(x * 2, y * 2);
    return [v, v, v];
  });
}

/** A face close up: it fills the picture and runs off every edge. */
function closeUp(): Sharp {
  const fine = clouds(21, 20);
  return raw(480, 360, (x, y) => {
    const eye = Math.min(Math.hypot(x - 150, y - 160), Math.hypot(x - 330, y - 160));
    const nose = Math.exp(-(((x - 240) / 40) ** 2) - ((y - 210) / 70) ** 2);
    const stripes = 24 * Math.sin(x / 9 + 3 * fine(x, y));
    const base = eye < 14 ? 10 : eye < 36 ? 120 : 150 + 60 * nose + stripes;
    const edge = -70 * (x / 240 - 1) ** 2 - 20 * (y / 180 - 1) ** 2 + (x < 60 ? 60 : 0);
    return [base + edge + 20, (base + edge) * (eye < 36 ? 1.1 : 0.78), (base + edge) * 0.5];
  });
}

function web(): Sharp {
  return raw(128, 128, (x, y) => {
    const line = x % 16 === 0 || y % 16 === 0 || x === 127 || y === 127;
    return [30, 40, 60, line ? 255 : 0];
  });
}

const animated = async (): Promise<Buffer> => {
  const still = await sharp(await drawing("rocket"))
    .ensureAlpha()
    .raw()
    .toBuffer();
  const other = Buffer.alloc(still.length);
  return sharp(Buffer.concat([still, other]), {
    raw: { width: 300, height: 1000, channels: 4, pageHeight: 500 },
  })
    .webp({ lossless: true, loop: 0, delay: [100, 100] })
    .toBuffer();
};

const flat = (width: number, height: number, background: string | typeof CLEAR): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer();

const asPng = (image: Sharp): Sharp => image.png();

/** The set that the built-in generators are held against. */
export const PICTURES: readonly TestPicture[] = [
  {
    name: "duck",
    about: "a drawing with alpha",
    expect: "inflate",
    draw: () => example("duck"),
    truth: () => example("duck"),
  },
  {
    name: "star",
    about: "white inside, alpha outside",
    expect: "inflate",
    draw: () => example("star"),
    truth: () => example("star"),
  },
  {
    name: "mug",
    about: "an object on an off-white ground, with a hole",
    expect: "inflate",
    draw: () => example("mug"),
  },
  cutout("cat", "a drawing with whiskers one pixel thick"),
  cutout("letters", "letters of strokes", asPng, "extrude"),
  cutout("ring", "one hole"),
  cutout("gear", "teeth and a hole"),
  cutout("balloons", "several parts"),
  cutout("leaf", "a thin stem", asPng, "extrude"),
  cutout("rocket", "a palette PNG", (image) => image.png({ palette: true, colours: 32 })),
  cutout("ghost", "nowhere more than 40 % opaque", asPng, "extrude"),
  cutout("heart", "an icon of 32 pixels", asPng, "extrude"),
  cutout("app", "an app icon, full-bleed with round corners"),
  cutout("key", "long, with a hole", asPng, "extrude"),
  cutout("moon", "16 bits a channel", (image) => image.toColourspace("rgb16").png()),
  cutout("scissors", "crossing parts, holes, thin ends"),
  {
    ...cutout("rocket", "an animated WebP: its first frame"),
    name: "rocket-animated",
    draw: animated,
  },
  {
    name: "web",
    about: "lines one pixel thick and nothing else",
    expect: "inflate",
    draw: () => web().png().toBuffer(),
    truth: () => web().png().toBuffer(),
  },
  product(
    "bottle",
    "a product on a shaded grey ground",
    shaded,
    (image) => image.jpeg({ quality: 92 }),
    "lathe",
  ),
  product("boot", "a product on white with a soft shadow", shadowed, (image) =>
    image.jpeg({ quality: 92 }),
  ),
  product("fish", "a logo on a coloured ground", plain("#123a6b")),
  product("scissors", "line work on white", plain("#ffffff"), (image) =>
    image.webp({ quality: 90 }),
  ),
  product(
    "arrow",
    "a JPEG whose EXIF says: turn me",
    plain("#ffffff"),
    (image) => image.rotate(90).jpeg({ quality: 92 }).withMetadata({ orientation: 8 }),
    "extrude",
  ),
  product("pawn", "one grey channel", plain("#e9e9e9"), (image) =>
    image.greyscale().jpeg({ quality: 92 }),
  ),
  product("apple", "a CMYK JPEG", plain("#ffffff"), (image) =>
    image.toColourspace("cmyk").jpeg({ quality: 92 }),
  ),
  product("balloons", "several parts on a pale ground", plain("#f4efe2")),
  {
    name: "landscape",
    about: "like a photograph: sky over hills",
    expect: "relief",
    draw: () => landscape().jpeg().toBuffer(),
  },
  {
    name: "stone",
    about: "a rough surface",
    expect: "relief",
    draw: () => stone().jpeg().toBuffer(),
  },
  {
    name: "bricks",
    about: "a pattern from edge to edge",
    expect: "relief",
    draw: () => bricks().jpeg().toBuffer(),
  },
  {
    name: "coins",
    about: "many things on an uneven ground",
    expect: "relief",
    draw: () => coins().jpeg().toBuffer(),
  },
  {
    name: "close-up",
    about: "a face that runs off the edges",
    expect: "relief",
    draw: () => closeUp().jpeg().toBuffer(),
  },
  {
    name: "blurred",
    about: "an object out of focus",
    expect: "relief",
    draw: async () =>
      sharp(await product("pawn", "", plain("#c8c8c8")).draw())
        .blur(24)
        .jpeg()
        .toBuffer(),
  },
  {
    name: "cat-photograph",
    about: "a photograph, close up",
    expect: "relief",
    draw: () => photograph("cat.jpg"),
  },
  {
    name: "cup-photograph",
    about: "a photograph of a thing on a table",
    expect: "relief",
    draw: () => photograph("cup.jpg"),
  },
  {
    name: "horse",
    about: "a black silhouette on white, with hard steps",
    expect: "extrude",
    draw: () => photograph("horse.png"),
  },
  {
    name: "one-colour",
    about: "all one colour: a plain slab",
    expect: "relief",
    draw: () => flat(64, 64, "#3070a0"),
  },
  {
    name: "transparent",
    about: "nothing to see",
    expect: "refused",
    draw: () => flat(64, 64, CLEAR),
  },
  { name: "dot", about: "1 × 1", expect: "refused", draw: () => flat(1, 1, "#ff0000") },
  { name: "ribbon", about: "8000 × 10", expect: "refused", draw: () => flat(8000, 10, "#ff0000") },
  {
    name: "cut-short",
    about: "a PNG that ends in the middle",
    expect: "refused",
    draw: async () => (await example("mug")).subarray(0, 30_000),
  },
  {
    name: "text",
    about: "text with a picture's name",
    expect: "refused",
    draw: async () => Buffer.from("This is not a picture.\n"),
  },
];
