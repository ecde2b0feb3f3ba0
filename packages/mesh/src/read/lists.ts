/** Numbers of which nobody knows beforehand how many will come: an array that doubles. */
export class FloatList {
  #values = new Float32Array(1024);
  length = 0;

  push(...more: readonly number[]): void {
    if (this.length + more.length > this.#values.length) {
      const larger = new Float32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    for (const value of more) this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  whole(): Float32Array {
    return this.#values.slice(0, this.length);
  }
}

/** The lines of a text in UTF-8, one after the other, without holding the text a second time. */
export function* linesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  let from = 0;
  while (from < bytes.length) {
    const found = bytes.indexOf(LINE_FEED, from);
    const to = found === -1 ? bytes.length : found;
    yield decoder.decode(bytes.subarray(from, to)).trim();
    from = to + 1;
  }
}

const LINE_FEED = 10;
