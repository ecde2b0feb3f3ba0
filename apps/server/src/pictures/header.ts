import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** What a picture says of itself before its pixels. */
export interface PictureHeader {
  readonly format: keyof typeof READERS;
  readonly width: number;
  readonly height: number;
}

/** A file of known size that is read in small pieces. */
interface Source {
  readonly size: number;
  /** Up to `length` bytes from `at`; fewer at the file's end. */
  read(at: number, length: number): Promise<Buffer>;
}

type Size = Omit<PictureHeader, "format">;

/** No honest picture has so many pieces before its size: 64 MiB of the largest JPEG segments are 1,024. */
const MOST_STEPS = 2048;
const PAGE_BYTES = 64 * 1024;

const latin1 = (bytes: Buffer, from: number, to: number) => bytes.toString("latin1", from, to);

async function readPng({ read }: Source): Promise<Size | undefined> {
  const head = await read(0, 33);
  if (head.length < 33 || head.readUInt32BE(8) !== 13 || latin1(head, 12, 16) !== "IHDR")
    return undefined;
  if (crc32(head.subarray(12, 29)) !== head.readUInt32BE(29)) return undefined;
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

async function readGif({ read }: Source): Promise<Size | undefined> {
  const head = await read(0, 13);
  if (head.length < 13) return undefined;
  return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
}

async function readWebp({ read }: Source): Promise<Size | undefined> {
  const head = await read(0, 30);
  if (head.length < 30) return undefined;
  switch (latin1(head, 12, 16)) {
    case "VP8 ":
      if (head.readUIntBE(23, 3) !== 0x9d012a) return undefined;
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case "VP8L": {
      if (head[20] !== 0x2f) return undefined;
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** Start of frame, in all its kinds; DHT, JPG and DAC lie between them and are none. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** Markers that stand alone, without a length: TEM, RST0 to RST7. */
const standsAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
const [END_OF_IMAGE, START_OF_SCAN] = [0xd9, 0xda];

async function readJpeg({ read, size }: Source): Promise<Size | undefined> {
  let at = 2;
  for (let step = 0; step < MOST_STEPS && at < size; step++) {
    const page = await read(at, 9);
    if (page[0] !== 0xff) {
      // Decoders skip what lies between segments, and so do we, within a page.
      const next = (await read(at, PAGE_BYTES)).indexOf(0xff);
      if (next <= 0) return undefined;
      at += next;
      continue;
    }
    const marker = page[1] ?? END_OF_IMAGE;
    if (marker === 0xff) at += 1;
    else if (standsAlone(marker)) at += 2;
    else if (marker === END_OF_IMAGE || marker === START_OF_SCAN || page.length < 9)
      return undefined;
    else if (isFrame(marker)) return { width: page.readUInt16BE(7), height: page.readUInt16BE(5) };
    else at += 2 + Math.max(2, page.readUInt16BE(2));
  }
  return undefined;
}

const [IMAGE_WIDTH, IMAGE_LENGTH] = [256, 257];
/** A directory is sorted by tag, so both come among its first entries. */
const MOST_ENTRIES = 1024;

async function readTiff({ read }: Source): Promise<Size | undefined> {
  const head = await read(0, 16);
  if (head.length < 16) return undefined;
  const little = latin1(head, 0, 2) === "II";
  const number = (bytes: Buffer, from: number, length: 2 | 4 | 8) => {
    if (length === 8)
      return Number(little ? bytes.readBigUInt64LE(from) : bytes.readBigUInt64BE(from));
    return little ? bytes.readUIntLE(from, length) : bytes.readUIntBE(from, length);
  };
  const isBig = number(head, 2, 2) === 43;
  const form = isBig
    ? ({ first: 8, word: 8, count: 8, entry: 20, value: 12 } as const)
    : ({ first: 4, word: 4, count: 2, entry: 12, value: 8 } as const);
  const directory = number(head, form.first, form.word);
  if (!Number.isSafeInteger(directory)) return undefined;
  const bytes = await read(directory, form.count + MOST_ENTRIES * form.entry);
  if (bytes.length < form.count) return undefined;
  const entries = number(bytes, 0, form.count);
  const found = new Map<number, number>();
  for (let index = 0; index < Math.min(entries, MOST_ENTRIES); index++) {
    const at = form.count + index * form.entry;
    if (at + form.entry > bytes.length) break;
    const length = ({ 3: 2, 4: 4, 16: 8 } as const)[number(bytes, at + 2, 2)];
    if (length !== undefined)
      found.set(number(bytes, at, 2), number(bytes, at + form.value, length));
  }
  const [width, height] = [found.get(IMAGE_WIDTH), found.get(IMAGE_LENGTH)];
  return width === undefined || height === undefined ? undefined : { width, height };
}

/** Boxes of ISO base media files on the way to the sizes, and what stands before their children. */
const BOXES: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 };

/** The largest size that a HEIF or AVIF names: its tiles and thumbnails are smaller than the whole. */
async function readHeif({ read, size }: Source): Promise<Size | undefined> {
  let largest: Size | undefined;
  let end = size;
  let at = 0;
  for (let step = 0; step < MOST_STEPS && at < end; step++) {
    const box = await read(at, 20);
    if (box.length < 8) break;
    const short = box.readUInt32BE(0);
    const wide = short === 1;
    if (wide && box.length < 16) break;
    const length = short === 0 ? end - at : wide ? Number(box.readBigUInt64BE(8)) : short;
    const head = wide ? 16 : 8;
    if (length < head) break;
    const type = latin1(box, 4, 8);
    if (Object.hasOwn(BOXES, type)) {
      end = Math.min(end, at + length);
      at += head + BOXES[type]!;
      continue;
    }
    if (type === "ispe" && !wide && box.length === 20) {
      const found = { width: box.readUInt32BE(12), height: box.readUInt32BE(16) };
      if (!largest || found.width * found.height > largest.width * largest.height) largest = found;
    }
    at += length;
  }
  return largest;
}

const BRANDS = /^(?:avif|avis|hei[cmsx]|hev[cmsx]|mif[12]|msf1|miaf)/;

/** The formats we take: how each begins, and how its size is found. SVG is not among them: it is a program. */
const READERS = {
  png: { begins: (head) => head.startsWith("\x89PNG\r\n\x1a\n"), read: readPng },
  jpeg: { begins: (head) => head.startsWith("\xff\xd8\xff"), read: readJpeg },
  webp: { begins: (head) => /^RIFF[^]{4}WEBP/.test(head), read: readWebp },
  gif: { begins: (head) => /^GIF8[79]a/.test(head), read: readGif },
  tiff: {
    begins: (head) => /^(?:II[*+]\0|MM\0[*+])/.test(head),
    read: readTiff,
  },
  heif: {
    begins: (head) => head.slice(4, 8) === "ftyp" && BRANDS.test(head.slice(8)),
    read: readHeif,
  },
} as const satisfies Record<
  string,
  { begins: (head: string) => boolean; read: (source: Source) => Promise<Size | undefined> }
>;

/** So much of the beginning is read at once: most headers are in it, bytes. */
const BEGINNING = 4096;

/**
 * Reads a picture's kind and size from its header: a few small reads at known places, nothing is
 * inflated, nothing is decoded. Undefined for what is none of our formats or has no size.
 *
 * @param size of the whole file, bytes
 */
export async function readHeader(
  file: FileHandle,
  size: number,
): Promise<PictureHeader | undefined> {
  async function readAt(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, at);
    return bytes.subarray(0, bytesRead);
  }
  const beginning = await readAt(0, Math.min(size, BEGINNING));
  const source: Source = {
    size,
    async read(at, length) {
      const end = Math.min(at + length, size);
      return end <= beginning.length
        ? beginning.subarray(at, end)
        : readAt(at, Math.max(0, end - at));
    },
  };
  const head = latin1(await source.read(0, 12), 0, 12);
  for (const [format, { begins, read }] of Object.entries(READERS)) {
    if (!begins(head)) continue;
    const found = await read(source);
    if (!found || found.width === 0 || found.height === 0) return undefined;
    return { format: format as PictureHeader["format"], ...found };
  }
  return undefined;
}
