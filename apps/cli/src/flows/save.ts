import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";

import { isFile, type Plan, type Value } from "@modly-runs/flows";
import type { Objects, StepRow } from "@modly-runs/flows/ports";

/** An output as `--json` tells it. */
export interface SavedOutput {
  name: string;
  /** Which of several: the picture's name. */
  of?: string | undefined;
  file?: string;
  text?: string;
  number?: number;
}

/** Writes what a flow run gave, as far as it came, into a folder: the one that was named, or a new one. */
export async function saveOutputs(
  { name, outputs }: Plan,
  rows: ReadonlyMap<string, StepRow>,
  objects: Objects,
  folder: string | undefined,
): Promise<SavedOutput[]> {
  const saved: SavedOutput[] = [];
  let home = folder;
  const taken = new Set<string>();
  for (const { name: output, label, source } of outputs) {
    const value: Value | undefined =
      "value" in source ? source.value : rows.get(source.from)?.outputs?.[source.output];
    if (!value) continue;
    const about = { name: output, of: label };
    if (!isFile(value)) {
      saved.push(
        value.type === "text" ? { ...about, text: value.text } : { ...about, number: value.number },
      );
      continue;
    }
    const bytes = await objects.read(value.sha256);
    if (!bytes) continue;
    home ??= await newFolder(name);
    const stem = [label ?? value.name, output].filter(Boolean).join("-");
    saved.push({ ...about, file: await saveAt(home, stem, value.format, bytes, taken) });
  }
  return saved;
}

/** A name that nobody chose must not cost somebody's file; the same bytes need no second one. */
async function saveAt(
  folder: string,
  stem: string,
  format: string,
  bytes: Uint8Array,
  taken: Set<string>,
): Promise<string> {
  for (let n = 1; ; n++) {
    const file = path.join(folder, `${stem}${n === 1 ? "" : `-${n}`}.${format}`);
    if (taken.has(file)) continue;
    const there = await readFile(file).catch(() => undefined);
    if (there === undefined && existsSync(file)) continue;
    if (there && !there.equals(bytes)) continue;
    taken.add(file);
    if (!there) await writeAgain(file, bytes);
    return file;
  }
}

/** Writes a whole file. What a kill leaves half done has a name that the next try takes again: nothing stays behind. */
async function writeAgain(file: string, bytes: Uint8Array): Promise<void> {
  const part = path.join(path.dirname(file), `.${path.basename(file)}.part`);
  const handle = await open(part, "w");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, file);
}

async function newFolder(name: string): Promise<string> {
  const slug =
    name
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
      .replaceAll(/^-|-$/g, "") || "flow";
  for (let n = 1; ; n++) {
    const folder = n === 1 ? slug : `${slug}-${n}`;
    if (existsSync(folder)) continue;
    await mkdir(folder);
    return folder;
  }
}
