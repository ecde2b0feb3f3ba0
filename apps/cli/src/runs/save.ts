import { readFile } from "node:fs/promises";
import path from "node:path";

import type { Run } from "@modly-runs/contract";
import { fail, type Outcome, succeed } from "@modly-runs/contract/client";
import type { Format } from "@modly-runs/mesh/formats";

import type { WrittenFigures } from "../local/figures.ts";
import { writeWhole } from "../local/whole-file.ts";
import type { Found } from "../servers/servers.ts";
import type { Terminal } from "../terminal.ts";

/** Where a mesh goes and what it becomes. */
export interface Target {
  /** A path, or `-` for stdout. */
  file: string;
  format: Format;
  sizeMm: number | undefined;
}

/** What was written. */
export interface Saved {
  files: string[];
  /** Unless it went to stdout, or is of a kind that can't be read here. */
  figures?: WrittenFigures | undefined;
}

/** Fetches the mesh of a run that is done, and converts it where that was asked for. */
export async function saveMesh(
  { client }: Found,
  run: Run,
  target: Target,
  terminal: Terminal,
): Promise<Outcome<Saved>> {
  const { file, format, sizeMm } = target;
  const has = path.posix
    .extname(run.output_url ?? "")
    .slice(1)
    .toLowerCase();
  if (has === format && sizeMm === undefined) {
    const saved = await client.download(run, file === "-" ? terminal.bytes() : file);
    if (!saved.ok) return saved;
    if (file === "-") return succeed({ files: [file] });
    return succeed({
      files: [file],
      figures: await figuresFor(() => readFile(file), has, target),
    });
  }
  const bytes = await meshBytes(client, run);
  if (!bytes.ok) return bytes;
  const { convert, READ_FORMATS } = await import("@modly-runs/mesh");
  const from = READ_FORMATS.find((name) => name === has);
  if (from === undefined)
    return fail(
      "broken_mesh",
      `The mesh is a .${has}, which can't be converted. Fetch it as it is: --format is not for it.`,
    );
  const name = file === "-" ? undefined : path.parse(file).name;
  const converted = await convert(bytes.value, { from, to: format, sizeMm, name });
  if (!converted.ok)
    return fail("broken_mesh", `The mesh can't become ${format}. ${converted.why}`);
  const { main, beside } = converted.value;
  try {
    if (file === "-") {
      const writer = terminal.bytes().getWriter();
      await writer.write(main);
      return succeed({ files: ["-"] });
    }
    const folder = path.dirname(file);
    const files = beside.map((other) => ({
      name: path.join(folder, other.name),
      bytes: other.bytes,
    }));
    for (const other of files) await writeWhole(other.name, other.bytes);
    await writeWhole(file, main);
    return succeed({
      files: [file, ...files.map((other) => other.name)],
      figures: await figuresFor(async () => bytes.value, has, target),
    });
  } catch (cause) {
    return fail("local_file", `The mesh can't be written: ${(cause as Error).message}.`, { cause });
  }
}

/** The figures of a mesh that is written already: what can't be measured is no failure any more. */
async function figuresFor(
  bytes: () => Promise<Uint8Array>,
  has: string,
  target: Target,
): Promise<WrittenFigures | undefined> {
  const { measure } = await import("../local/figures.ts");
  return bytes()
    .then((read) => measure(read, has, target))
    .catch(() => undefined);
}

/** The mesh of a run, in memory. */
export async function meshBytes(client: Found["client"], run: Run): Promise<Outcome<Uint8Array>> {
  const chunks: Uint8Array[] = [];
  const saved = await client.download(
    run,
    new WritableStream({ write: (bytes) => void chunks.push(bytes) }),
  );
  return saved.ok ? succeed(new Uint8Array(Buffer.concat(chunks))) : saved;
}
