/** How files begin, by media type. Servers look at the label first, so it has to be the right one. */
const BEGINNINGS: readonly (readonly [type: string, pattern: RegExp])[] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/webp", /^RIFF.{4}WEBP/s],
  ["image/gif", /^GIF8[79]a/],
  ["image/avif", /^.{4}ftypavi[fs]/s],
  ["image/heic", /^.{4}ftyp(?:hei[cx]|mif1)/s],
  ["image/tiff", /^(?:II\*\0|MM\0\*)/],
  ["image/bmp", /^BM/],
];

/** A picture in memory. Text is the path of a file. */
export type Image = string | Blob | Uint8Array;

/** A picture with the label that its bytes deserve. A Blob that has a type keeps it. */
export async function labelled(bytes: Blob): Promise<Blob> {
  if (bytes.type) return bytes;
  const head = new Uint8Array(await bytes.slice(0, 16).arrayBuffer());
  const text = String.fromCharCode(...head);
  const type = BEGINNINGS.find(([, pattern]) => pattern.test(text))?.[0];
  return bytes.slice(0, bytes.size, type ?? "application/octet-stream");
}
