/** Joins text and bytes. */
export function joined(chunks: Iterable<string | Uint8Array>): Uint8Array {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  for (const chunk of chunks)
    pieces.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
