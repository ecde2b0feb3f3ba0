/** One part of a multipart body, spelled as it shall be sent. */
export type Part = {
  readonly name: string;
  /** Without it the part is a text field. May be a ready `filename=...` expression in `disposition`. */
  readonly filename?: string;
  /** The whole value of Content-Disposition, when the usual one will not do. */
  readonly disposition?: string;
  /** Without it the part has no Content-Type. */
  readonly type?: string;
  readonly content: Buffer | string;
};

const BOUNDARY = "----modly-runs-conformance-7d1f0c";

/** A body of parts, byte for byte, and the header that goes with it. */
export function multipart(parts: readonly Part[]): { contentType: string; body: Buffer } {
  const pieces = parts.flatMap((part) => {
    const filename = part.filename === undefined ? "" : `; filename="${part.filename}"`;
    const disposition = part.disposition ?? `form-data; name="${part.name}"${filename}`;
    const type = part.type === undefined ? "" : `Content-Type: ${part.type}\r\n`;
    return [
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\n${type}\r\n`),
      Buffer.from(part.content),
      Buffer.from("\r\n"),
    ];
  });
  return {
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    body: Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}
