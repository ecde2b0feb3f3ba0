import sharp, { type Sharp } from "sharp";

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

export function raw(
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
export function clouds(seed: number, cell: number): (x: number, y: number) => number {
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

export function landscape(): Sharp {
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

export function stone(): Sharp {
  const rough = clouds(7, 120);
  const fine = clouds(8, 14);
  return raw(480, 480, (x, y) => {
    const v = 128 + 70 * rough(x, y) + 30 * fine(x, y);
    return [v, v * 0.96, v * 0.9];
  });
}

export function bricks(): Sharp {
  const fine = clouds(5, 10);
  return raw(512, 384, (x, y) => {
    const row = Math.floor(y / 32);
    const mortar = y % 32 < 4 || (x + (row % 2) * 32) % 64 < 4;
    const g = 22 * fine(x, y);
    return mortar ? [190 + g, 184 + g, 172 + g] : [150 + g + ((row * 37) % 23), 72 + g, 56 + g];
  });
}

export function coins(): Sharp {
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
export function closeUp(): Sharp {
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

export function web(): Sharp {
  return raw(128, 128, (x, y) => {
    const line = x % 16 === 0 || y % 16 === 0 || x === 127 || y === 127;
    return [30, 40, 60, line ? 255 : 0];
  });
}
