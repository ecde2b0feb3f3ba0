import sharp, { type Sharp } from "sharp";
import type { MethodName } from "../../../src/generators/builtin/methods/index.ts";
import { figure, mark, strokes } from "./borrowed.ts";
import {
  CLEAR,
  compressed,
  cutout,
  drawing,
  example,
  flat,
  photograph,
  plain,
  product,
  shaded,
  roundCorners,
  shadowed,
  tight,
} from "./compose.ts";
import { thing } from "./scenes.ts";
import type { Drawn, Kind, TestPicture } from "./picture.ts";
import { lines, logotype, PAPER, qr, sprite, word } from "./signs.ts";
import { bricks, closeUp, coins, landscape, stone, web } from "./surfaces.ts";

const jpeg = (quality: number) => (image: Sharp) => image.jpeg({ quality });

/** A picture and what a person wants of it: the method, how many solids, how many holes through them. */
function wanted(
  kind: Kind,
  drawn: Drawn,
  about: string,
  method: MethodName,
  solids = 1,
  holes = 0,
): TestPicture {
  return { ...drawn, kind, about, model: "builtin/auto", wish: { method, solids, holes } };
}

const refused = (drawn: Drawn, about: string): TestPicture => ({
  ...drawn,
  kind: "broken",
  about,
  model: "builtin/auto",
  wish: "refused",
});

const lit = (file: string, about: string): TestPicture => ({
  ...wanted("lithophane", photo(file), about, "lithophane"),
  name: `${file.replace(/\..*/, "")}-lithophane`,
  model: "builtin/lithophane",
});

const as = (name: string, draw: () => Promise<Buffer>): Drawn => ({ name, draw });
const photo = (file: string): Drawn =>
  as(`${file.replace(/\..*/, "")}-photograph`, () => photograph(file));

const rocketInTwo = async (): Promise<Buffer> => {
  const still = await sharp(await drawing("rocket"))
    .ensureAlpha()
    .raw()
    .toBuffer();
  return sharp(Buffer.concat([still, Buffer.alloc(still.length)]), {
    raw: { width: 300, height: 1000, channels: 4, pageHeight: 500 },
  })
    .webp({ lossless: true, loop: 0, delay: [100, 100] })
    .toBuffer();
};

/** The set that the built-in generators are held against. */
export const PICTURES: readonly TestPicture[] = [
  wanted("logo", mark("github", "#181717"), "a round mark with a cut", "extrude"),
  wanted("logo", mark("python", "#3776ab"), "two parts that hold each other", "extrude", 2, 2),
  wanted("logo", mark("react", "#20232a"), "thin crossing loops", "extrude", 2, 13),
  wanted("logo", mark("docker", "#2496ed"), "a whale and its boxes", "extrude", 10, 0),
  wanted("logo", mark("debian", "#a81d33"), "a brush stroke with specks", "extrude", 8, 0),
  wanted("logo", mark("blender", "#e87d0d"), "a ring and arms", "extrude", 2, 1),
  wanted("logo", mark("raspberrypi", "#c51a4a"), "many narrow gaps", "extrude", 3, 15),
  wanted("logo", cutout("app"), "an app icon, full-bleed with round corners", "extrude"),
  wanted(
    "logo",
    {
      ...cutout("app"),
      name: "app-opaque",
      draw: async () =>
        sharp(await drawing("app"))
          .flatten({ background: "#fff" })
          .jpeg()
          .toBuffer(),
    },
    "the same as a JPEG on white: the mark has the colour of what is behind, so it is open",
    "extrude",
    1,
    1,
  ),

  wanted("icon", cutout("heart"), "an icon of 32 pixels", "extrude"),
  wanted("icon", cutout("key"), "long, with a hole", "extrude", 1, 1),
  wanted("icon", cutout("gear"), "teeth and a hole, two greys", "extrude", 1, 1),
  wanted(
    "icon",
    product("arrow", plain("#ffffff"), (image) =>
      image.rotate(90).jpeg({ quality: 92 }).withMetadata({ orientation: 8 }),
    ),
    "a JPEG whose EXIF says: turn me",
    "extrude",
  ),
  wanted("icon", strokes("anchor"), "strokes with round ends", "extrude", 1, 1),
  wanted("icon", strokes("bell"), "a bell and its clapper", "extrude", 2, 1),
  wanted("icon", strokes("bike"), "wheels, frame and rider", "extrude", 4, 2),
  wanted("icon", strokes("skull"), "dots in a line", "extrude", 4, 1),
  wanted("icon", strokes("snowflake", "#2a6fb0"), "six arms", "extrude", 1, 1),
  wanted("icon", cutout("ghost"), "nowhere more than 40 % opaque", "extrude"),

  wanted("text", cutout("letters"), "letters of strokes", "extrude", 3, 3),
  wanted("text", word("hello", "#1b1b1b"), "a word in a bold face", "extrude", 5, 2),
  wanted(
    "text",
    word("open", "#fffdf4", { ground: "#8c1f2b" }),
    "light letters on a dark ground",
    "extrude",
    4,
    2,
  ),
  wanted(
    "text",
    word("serif", "#222", { ground: "#fff", file: jpeg(88) }),
    "serifs, as a JPEG on white",
    "extrude",
    7,
    2,
  ),
  wanted(
    "text",
    word("number", "#0b5d4b", { ground: "#f6f1e4", file: jpeg(30) }),
    "a house number, a JPEG of low quality",
    "extrude",
    2,
    1,
  ),
  wanted("text", word("italic", "#5a2a6a"), "italics that nearly touch", "extrude", 6, 4),
  wanted(
    "text",
    word("mono", "#2b2f38", { ground: "#e8e8ec" }),
    "braces and thin strokes",
    "extrude",
    6,
    1,
  ),
  wanted("text", logotype(), "a ring and a name, in two colours", "extrude", 8, 3),
  wanted(
    "text",
    word("page", "#111", { ground: "#fff" }),
    "a page of small letters: on a plate",
    "extrude",
  ),

  wanted("QR", qr("small", "modly"), "a code of 21 modules", "extrude"),
  wanted(
    "QR",
    qr("address", "https://example.org/a/longer/address?with=a&query=string"),
    "a code of 33 modules",
    "extrude",
  ),
  wanted(
    "QR",
    qr("jpeg", "https://example.org", { file: jpeg(70) }),
    "a JPEG of a code",
    "extrude",
  ),
  wanted(
    "QR",
    qr("coloured", "https://example.org", { dark: "#1d3f72", light: "#fbe9c6" }),
    "blue on cream",
    "extrude",
  ),

  wanted("pixel art", sprite("invader", 1), "13 × 10 pixels, eyes are holes", "extrude", 1, 2),
  wanted("pixel art", sprite("invader", 24), "the same, each pixel 24 long", "extrude", 1, 2),
  wanted("pixel art", sprite("mushroom", 1), "15 × 13 pixels in three colours", "extrude"),
  wanted(
    "pixel art",
    sprite("mushroom", 16, [104, 168, 232]),
    "the same on a blue ground",
    "extrude",
  ),
  wanted("pixel art", sprite("sword", 20), "a diagonal of pixels", "extrude"),
  wanted("pixel art", sprite("potion", 32), "four colours", "extrude"),
  wanted("pixel art", sprite("tree", 8, [255, 255, 255]), "two greens on white", "extrude"),
  wanted("pixel art", sprite("slime", 40), "a figure with eyes", "extrude"),

  wanted(
    "line drawing",
    as("web", () => web().png().toBuffer()),
    "lines one pixel thick and nothing else",
    "extrude",
    1,
    64,
  ),
  wanted("line drawing", cutout("scissors"), "parts that touch in points, holes", "extrude", 1, 2),
  wanted(
    "line drawing",
    product("scissors", plain("#ffffff"), (image) => image.webp({ quality: 90 })),
    "the same on white",
    "extrude",
    1,
    2,
  ),
  wanted("line drawing", lines("house", 10), "a house of closed lines", "extrude", 1, 2),
  wanted(
    "line drawing",
    lines("spiral", 8, `<rect width="100%" height="100%" fill="#fff"/>`),
    "one line, rolled up",
    "extrude",
  ),
  wanted(
    "line drawing",
    lines("plan", 12, `<rect width="100%" height="100%" fill="#fff"/>`, jpeg(80)),
    "a floor plan",
    "extrude",
    1,
    2,
  ),
  wanted(
    "line drawing",
    lines("face", 14, PAPER, jpeg(85)),
    "a face on paper under a lamp",
    "extrude",
    4,
    3,
  ),
  wanted(
    "line drawing",
    lines("bird", 9, PAPER, jpeg(85)),
    "a bird on paper under a lamp",
    "extrude",
    2,
    1,
  ),

  wanted(
    "product",
    as("mug", () => example("mug")),
    "an object on an off-white ground, with a hole",
    "inflate",
    1,
    1,
  ),
  wanted(
    "product",
    product("bottle", shaded, jpeg(92)),
    "a bottle on a shaded grey ground",
    "lathe",
  ),
  wanted(
    "product",
    product("boot", shadowed, jpeg(92)),
    "a boot on white with a soft shadow",
    "inflate",
  ),
  wanted(
    "product",
    product("pawn", plain("#e9e9e9"), (image) => image.greyscale().jpeg({ quality: 92 })),
    "one grey channel",
    "lathe",
  ),
  wanted(
    "product",
    product("apple", plain("#ffffff"), (image) =>
      image.toColourspace("cmyk").jpeg({ quality: 92 }),
    ),
    "a CMYK JPEG",
    "inflate",
    1,
    0,
  ),
  wanted(
    "product",
    product("balloons", plain("#f4efe2")),
    "several parts on a pale ground",
    "inflate",
    4,
  ),
  wanted(
    "product",
    cutout("rocket", (image) => image.png({ palette: true, colours: 32 })),
    "a palette PNG",
    "inflate",
    2,
    0,
  ),
  wanted(
    "product",
    as("rocket-animated", rocketInTwo),
    "an animated WebP: its first frame",
    "inflate",
    2,
    0,
  ),
  wanted("product", cutout("ring"), "one hole", "inflate", 1, 1),
  wanted(
    "product",
    cutout("moon", (image) => image.toColourspace("rgb16").png()),
    "16 bits a channel",
    "inflate",
  ),
  wanted("product", figure("teapot"), "a pot with a handle and a spout", "inflate", 1, 1),
  wanted(
    "product",
    tight(figure("teapot")),
    "the same on white, cut to its edges",
    "inflate",
    1,
    1,
  ),
  wanted("product", figure("mobile-phone"), "a flat box with round corners", "inflate"),
  wanted("product", compressed(figure("fire"), "#ffffff"), "a JPEG that rings", "inflate"),
  wanted(
    "product",
    compressed(figure("thumbs-up"), "#f4efe2"),
    "the same on cream, where colours ring too",
    "inflate",
  ),
  wanted("product", figure("amphora"), "a vase with two handles", "inflate", 1, 2),
  wanted("product", figure("chess-pawn"), "a pawn in flat colours", "lathe"),
  wanted("product", figure("light-bulb"), "a bulb", "lathe"),
  wanted("product", figure("wine-glass"), "a glass", "lathe"),
  wanted(
    "product",
    as("star", () => example("star")),
    "a star, white inside, alpha outside",
    "inflate",
  ),
  wanted("product", photo("cup.jpg"), "a photograph of a thing on a table", "relief"),
  wanted("product", thing("pear-on-bricks"), "a pear before bricks, like a photograph", "inflate"),
  wanted("product", thing("mug-on-stone"), "a mug before stone", "inflate", 1, 1),
  wanted("product", thing("cactus-on-table"), "a cactus before a cup: unsure", "relief"),
  wanted("animal", thing("duck-on-grass"), "a duck on grass", "inflate"),

  wanted("person", figure("woman-dancing"), "a dancer", "inflate", 1, 1),
  wanted("person", figure("man-in-tuxedo"), "a bust", "inflate"),
  wanted(
    "person",
    as("grinning-face-tight", tight(figure("grinning-face")).draw),
    "a face cut to its edges, on white, with white eyes",
    "inflate",
  ),
  wanted("person", figure("ninja"), "a head and shoulders", "inflate", 1, 1),
  wanted("person", figure("person-biking"), "a rider on a wheel", "inflate", 1, 8),
  wanted("person", photo("astronaut.jpg"), "a portrait before a flag", "relief"),
  wanted("person", photo("camera.jpg"), "a man on a lawn, in greys", "relief"),

  wanted(
    "animal",
    as("duck", () => example("duck")),
    "a drawing with alpha",
    "inflate",
  ),
  wanted("animal", cutout("cat"), "a drawing with whiskers one pixel thick", "inflate"),
  wanted("animal", product("fish", plain("#123a6b")), "a fish on a coloured ground", "inflate"),
  wanted(
    "animal",
    as("horse", () => photograph("horse.png")),
    "a black silhouette on white, with hard steps",
    "extrude",
  ),
  wanted("animal", figure("elephant"), "legs and a trunk", "inflate"),
  wanted("animal", figure("butterfly"), "wings", "inflate"),
  wanted("animal", figure("octopus"), "eight arms", "inflate"),
  wanted("animal", photo("cat.jpg"), "a cat's face, close up", "relief"),
  wanted(
    "animal",
    as("close-up", () => closeUp().jpeg().toBuffer()),
    "a face that runs off the edges",
    "relief",
  ),

  wanted("plant", cutout("leaf"), "a leaf with a thin stem", "extrude"),
  wanted("plant", figure("cactus"), "arms", "inflate"),
  wanted("plant", figure("tulip"), "a flower on a stem", "inflate"),
  wanted("plant", figure("deciduous-tree"), "a crown on a trunk", "inflate"),
  wanted("plant", figure("potted-plant"), "leaves over a pot", "inflate"),
  wanted("plant", photo("grass.jpg"), "grass from edge to edge", "relief"),

  wanted("building", figure("castle"), "towers", "inflate", 3, 0),
  wanted("building", figure("church"), "a steeple", "inflate"),
  wanted("building", figure("house"), "a house with a chimney", "inflate"),
  wanted("building", figure("office-building"), "a box with windows", "inflate"),
  wanted("building", figure("tokyo-tower"), "a lattice", "inflate", 1, 10),
  wanted("building", photo("rocket.jpg"), "a launch pad at night", "relief"),

  wanted(
    "texture",
    as("landscape", () => landscape().jpeg().toBuffer()),
    "like a photograph: sky over hills",
    "relief",
  ),
  wanted("texture", photo("canyon.jpg"), "a pale sky over cliffs and water", "relief"),
  wanted("texture", photo("boats.jpg"), "boats on a river, a town behind them", "relief"),
  wanted(
    "texture",
    as("stone", () => stone().jpeg().toBuffer()),
    "a rough surface",
    "relief",
  ),
  wanted(
    "texture",
    as("bricks", () => bricks().jpeg().toBuffer()),
    "a pattern from edge to edge",
    "relief",
  ),
  wanted(
    "texture",
    as("coins", () => coins().jpeg().toBuffer()),
    "many things on an uneven ground",
    "relief",
  ),
  wanted("texture", photo("brick.jpg"), "a wall", "relief"),
  wanted(
    "texture",
    as("cat-card", () => roundCorners("cat.jpg")),
    "a photograph with round corners, on white",
    "relief",
  ),
  wanted("texture", photo("gravel.jpg"), "gravel", "relief"),
  wanted("texture", photo("galaxies.jpg"), "spots on black", "relief"),
  wanted(
    "texture",
    as("blurred", async () =>
      sharp(await product("pawn", plain("#c8c8c8")).draw())
        .blur(24)
        .jpeg()
        .toBuffer(),
    ),
    "an object out of focus",
    "relief",
  ),
  wanted(
    "texture",
    as("one-colour", () => flat(64, 64, "#3070a0")),
    "all one colour: a plain slab",
    "relief",
  ),

  lit("cat.jpg", "fur and eyes"),
  lit("cup.jpg", "a table in warm light"),
  lit("astronaut.jpg", "a portrait"),
  lit("rocket.jpg", "lights at night"),
  lit("camera.jpg", "a man and a tripod"),

  refused(
    as("transparent", () => flat(64, 64, CLEAR)),
    "nothing to see",
  ),
  refused(
    as("dot", () => flat(1, 1, "#ff0000")),
    "1 × 1",
  ),
  refused(
    as("ribbon", () => flat(8000, 10, "#ff0000")),
    "8000 × 10",
  ),
  refused(
    as("cut-short", async () => (await example("mug")).subarray(0, 30_000)),
    "a PNG that ends in the middle",
  ),
  refused(
    as("text", async () => Buffer.from("This is not a picture.\n")),
    "text with a picture's name",
  ),
];
