/** The process that writes a mesh in another format: one file at a time. */
import { readFile, writeFile } from "node:fs/promises";

import { convert, type Format } from "@modly-runs/mesh";

import { serveOrders } from "../children/serve.ts";

/** What is ordered, and what is made: the file `to`, or why not. */
export interface Exporting {
  readonly order: {
    readonly file: string;
    readonly format: Format;
    readonly sizeMm?: number;
    readonly to: string;
  };
  readonly news: never;
  readonly made: { readonly why?: string };
}

serveOrders<Exporting>(async ({ file, format, sizeMm, to }) => {
  const converted = await convert(await readFile(file), { from: "glb", to: format, sizeMm });
  if (!converted.ok) return { why: converted.why };
  await writeFile(to, converted.value.main, { mode: 0o600 });
  return {};
});
