import newCode from "qrcode-generator";
import sharp, { type Sharp } from "sharp";
import { asPng, svg } from "./compose.ts";
import type { Drawn } from "./picture.ts";
import { raw } from "./surfaces.ts";
import { WORDS } from "./words.ts";

const picture = (body: string): Sharp => sharp(Buffer.from(body));

/** A word as somebody might have it: its outlines, on nothing or on a ground. */
export function word(
  name: keyof typeof WORDS,
  colour: string,
  { ground, file = asPng }: { ground?: string; file?: (image: Sharp) => Sharp } = {},
): Drawn {
  const { width, lines, path } = WORDS[name];
  const scale = 900 / width;
  const size = { width: 1000, height: Math.round(lines * 1250 * scale + 100) };
  const draw = (fill: string): string =>
    svg(
      size.width,
      size.height,
      `${fill}<g fill="${colour}" transform="translate(50 ${50 + 950 * scale}) scale(${scale})"><path d="${path}"/></g>`,
    );
  const truth = (): Promise<Buffer> => picture(draw("")).png().toBuffer();
  const ours = ground === undefined ? "" : `<rect width="100%" height="100%" fill="${ground}"/>`;
  return { name: `${name}-text`, truth, draw: () => file(picture(draw(ours))).toBuffer() };
}

/** A mark and a name beneath it, each part in one of two colours: what most logotypes are. */
export function logotype(): Drawn {
  const { width, path } = WORDS.serif;
  const scale = 800 / width;
  const draw = () =>
    picture(
      svg(
        900,
        700,
        `<circle cx="450" cy="230" r="150" fill="none" stroke="#d0342c" stroke-width="44"/>` +
          `<g fill="#333840" transform="translate(50 ${450 + 950 * scale}) scale(${scale})"><path d="${path}"/></g>`,
      ),
    )
      .png()
      .toBuffer();
  return { name: "logotype-text", truth: draw, draw };
}

/** A QR code with its quiet zone, in dark on light unless said otherwise. */
export function qr(
  name: string,
  text: string,
  {
    dark = "#000",
    light = "#fff",
    file = asPng,
  }: { dark?: string; light?: string; file?: (image: Sharp) => Sharp } = {},
): Drawn {
  const draw = (): Promise<Buffer> => {
    const code = newCode(0, "M");
    code.addData(text);
    code.make();
    const count = code.getModuleCount();
    const side = count + 8;
    const modules = Array.from(
      { length: count * count },
      (_, i) => [i % count, Math.floor(i / count)] as const,
    )
      .filter(([x, y]) => code.isDark(y, x))
      .map(([x, y]) => `<rect x="${x + 4}" y="${y + 4}" width="1" height="1"/>`);
    return file(
      picture(
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="${side * 20}" height="${side * 20}" shape-rendering="crispEdges"><rect width="${side}" height="${side}" fill="${light}"/><g fill="${dark}">${modules.join("")}</g></svg>`,
      ).removeAlpha(),
    ).toBuffer();
  };
  return { name: `${name}-code`, draw };
}

const SPRITES = {
  invader: {
    key: { x: "#3fae49" },
    rows: [
      "..x.....x..",
      "...x...x...",
      "..xxxxxxx..",
      ".xx.xxx.xx.",
      "xxxxxxxxxxx",
      "x.xxxxxxx.x",
      "x.x.....x.x",
      "...xx.xx...",
    ],
  },
  potion: {
    key: { k: "#20232b", w: "#e8eef2", r: "#c8324b", p: "#f08aa0" },
    rows: [
      "...kkkk...",
      "...kwwk...",
      "....kk....",
      "...kwwk...",
      "..kwwwwk..",
      ".kwrrrrwk.",
      ".krrprrrk.",
      ".krprrrrk.",
      ".krrrrrrk.",
      "..kkkkkk..",
    ],
  },
  mushroom: {
    key: { k: "#1b1b1b", r: "#d8302c", w: "#fbf4e6" },
    rows: [
      "....kkkkk....",
      "..kkrrrwwkk..",
      ".kwrrrrwwrrk.",
      "kwwwrrrrrrwwk",
      "kwwrrrrrrrwwk",
      "krrrwwwwwrrrk",
      "kkkkkkkkkkkkk",
      "..kwkwwwkwk..",
      "..kwkwwwkwk..",
      "..kwwwwwwwk..",
      "...kkkkkkk...",
    ],
  },
  sword: {
    key: { k: "#20242c", s: "#c4d0d8", g: "#c9a227", b: "#6b4226" },
    rows: [
      ".........kkk",
      "........kssk",
      ".......kssk.",
      "......kssk..",
      "kk...kssk...",
      "kgk.kssk....",
      ".kgkssk.....",
      "..kgsk......",
      ".kbkgk......",
      "kbkk.kgk....",
      "kkk...kk....",
    ],
  },
  tree: {
    key: { g: "#2f7d3a", d: "#1e5a2a", b: "#7a4a24" },
    rows: [
      "....gg....",
      "...gggg...",
      "..ggdggg..",
      ".gggggdgg.",
      "gdgggggggg",
      ".ggggdggg.",
      "...dggd...",
      "....bb....",
      "....bb....",
      "...bbbb...",
    ],
  },
  slime: {
    key: { k: "#16324a", b: "#4aa3d8", w: "#ffffff" },
    rows: [
      "....kkkk....",
      "..kkbbbbkk..",
      ".kbbbbbbbbk.",
      ".kbwkbbwkbk.",
      "kbbkkbbkkbbk",
      "kbbbbbbbbbbk",
      "kbbbbkkbbbbk",
      "kkkkkkkkkkkk",
    ],
  },
} as const;

/** A sprite, each of its pixels `scale` pixels long. */
export function sprite(
  name: keyof typeof SPRITES,
  scale: number,
  ground?: readonly [number, number, number],
): Drawn {
  const { rows } = SPRITES[name];
  const key: Readonly<Record<string, string>> = SPRITES[name].key;
  const room = 1;
  const [width, height] = [rows[0].length + 2 * room, rows.length + 2 * room];
  const on = (back: readonly [number, number, number, number]) => (): Promise<Buffer> =>
    raw(width * scale, height * scale, (x, y) => {
      const colour = key[rows[Math.floor(y / scale) - room]?.[Math.floor(x / scale) - room] ?? "."];
      if (colour === undefined) return back;
      return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [
        number,
        number,
        number,
      ];
    })
      .png()
      .toBuffer();
  const truth = on([0, 0, 0, 0]);
  return {
    name: scale === 1 ? `${name}-pixels` : `${name}-pixels-${scale}`,
    truth,
    draw: ground === undefined ? truth : on([...ground, 255]),
  };
}

const LINES = {
  house: `<path d="M60 260 L250 80 L440 260 M100 230 V440 H400 V230 M210 440 V320 H290 V440"/>`,
  spiral: `<path d="${Array.from({ length: 200 }, (_, k) => `${k === 0 ? "M" : "L"}${(250 + (20 + k) * Math.cos(k / 8)).toFixed(1)} ${(250 + (20 + k) * Math.sin(k / 8)).toFixed(1)}`).join("")}"/>`,
  plan: `<path d="M40 60 H460 V440 H40 Z M40 240 H240 M300 240 H460 M240 240 V60 M240 440 V330 M240 270 V240"/>`,
  face: `<circle cx="250" cy="250" r="190"/><circle cx="185" cy="200" r="22"/><circle cx="315" cy="200" r="22"/><path d="M150 310 Q250 410 350 310"/>`,
  bird: `<path d="M60 300 Q150 150 280 190 Q330 90 400 140 L450 160 L400 180 Q390 300 250 340 Q150 360 60 300 Z M200 250 Q260 210 320 260"/>`,
} as const;

/** A drawing of lines as a pen leaves them, on nothing or on paper. */
export function lines(
  name: keyof typeof LINES,
  width: number,
  paper = "",
  file: (image: Sharp) => Sharp = asPng,
): Drawn {
  const draw = (ground: string): string =>
    svg(
      500,
      500,
      `${ground}<g fill="none" stroke="#1c2430" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round">${LINES[name]}</g>`,
    );
  return {
    name: `${name}-lines`,
    truth: () => picture(draw("")).png().toBuffer(),
    draw: () => file(picture(draw(paper))).toBuffer(),
  };
}

/** Paper that a lamp lights from one side. */
export const PAPER = `<defs><linearGradient id="p" x1="0" y1="0" x2="1" y2="0.6"><stop offset="0" stop-color="#faf7f0"/><stop offset="1" stop-color="#cfc8ba"/></linearGradient></defs><rect width="100%" height="100%" fill="url(#p)"/>`;
