/** One part of a form. `file` is true when it was sent as a file, whatever its bytes are. */
export interface Part {
  name: string;
  file: boolean;
  /** As it was sent, quotes and all. */
  disposition: string;
  type: string | null;
  bytes: Buffer;
}

const CRLF = Buffer.from("\r\n");

/** The boundary that a content type names, or null. */
export function boundaryOf(contentType: string): string | null {
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

/**
 * The parts of a multipart/form-data body (RFC 7578), or a sentence about what is wrong with it.
 *
 * A body that stops before its last boundary is wrong as a whole: its last part may have been cut.
 */
export function parseMultipart(body: Buffer, boundary: string): Part[] | string {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first boundary has no line before it; with one put there, all are alike.
  const text = Buffer.concat([CRLF, body]);
  const parts: Part[] = [];
  let at = text.indexOf(delimiter);
  if (at < 0) return "The body does not contain its boundary.";
  for (;;) {
    const start = at + delimiter.length;
    if (text.subarray(start, start + 2).equals(Buffer.from("--"))) return parts;
    const line = text.indexOf(CRLF, start);
    at = line < 0 ? -1 : text.indexOf(delimiter, line);
    if (at < 0) return "The body stops before its last boundary.";
    const part = parsePart(text.subarray(line + CRLF.length, at));
    if (typeof part === "string") return part;
    parts.push(part);
  }
}

function parsePart(bytes: Buffer): Part | string {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return "A part has no end of its headers.";
  const headers = new Map<string, string>();
  for (const line of bytes.subarray(0, end).toString("utf8").split("\r\n")) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = headers.get("content-disposition") ?? "";
  const name = /;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(disposition);
  if (!name) return "A part has no name.";
  return {
    name: name[1] ?? name[2] ?? "",
    file: /;\s*filename\*?=/i.test(disposition),
    disposition,
    type: headers.get("content-type") ?? null,
    bytes: bytes.subarray(end + 4),
  };
}
