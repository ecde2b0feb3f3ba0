import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter } from "yaml";

/** The way to a place in a definition, as keys and indexes. */
export type Path = readonly (string | number)[];

/** What is wrong, and where: the value of that path, or with `key` the word itself. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  readonly key?: string | undefined;
}

/** A fault with its place in the file. Lines and columns count from 1. */
export interface Finding {
  readonly line: number;
  readonly column: number;
  /** For example `steps[2].with.model`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Tells where a fault lies: of a path that is not there, as far as it goes. */
export function locate(doc: Document, lines: LineCounter, { path, message, key }: Fault): Finding {
  let node: unknown = doc.contents;
  let offset = startOf(node) ?? 0;
  for (const [at, part] of [...path, ...(key === undefined ? [] : [key])].entries()) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (!pair) break;
      node = pair.value;
      const word = key !== undefined && at === path.length;
      offset = (word ? startOf(pair.key) : startOf(node)) ?? startOf(pair.key) ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  const { line, col } = lines.linePos(offset);
  return { line, column: col, path: written(path), message };
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** A path as people write it. */
export const written = (path: Path): string =>
  path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join("");

/** A finding as compilers print it. */
export const shown = ({ line, column, message }: Finding, file: string): string =>
  `${file}:${line}:${column}: ${message}`;
