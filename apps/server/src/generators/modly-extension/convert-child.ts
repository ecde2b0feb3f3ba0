/** The process that turns what an extension wrote into a binary glTF: one file at a time. */
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { convert, type ReadFormat } from "@modly-runs/mesh";

import { serveOrders } from "../../children/serve.ts";

/** What is ordered, and what is made: nothing, or why not. */
export interface Conversion {
  readonly order: { readonly file: string; readonly from: ReadFormat; readonly to: string };
  readonly news: never;
  readonly made: { readonly why?: string };
}

/** A file that an OBJ names: beside it, and nowhere else. */
function besideOf(file: string) {
  return (name: string): Uint8Array | undefined => {
    try {
      return readFileSync(path.join(path.dirname(file), path.basename(name)));
    } catch {
      return undefined;
    }
  };
}

serveOrders<Conversion>(async ({ file, from, to }) => {
  const converted = await convert(await readFile(file), {
    from,
    to: "glb",
    beside: besideOf(file),
  });
  if (!converted.ok) return { why: converted.why };
  await writeFile(to, converted.value.main);
  return {};
});
