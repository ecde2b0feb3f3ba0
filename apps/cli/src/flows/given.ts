import { readFile } from "node:fs/promises";
import path from "node:path";

import type { Definition, FlowInput, Value } from "@modly-runs/flows";
import type { Objects } from "@modly-runs/flows/ports";
import { fail, type Outcome, succeed } from "@modly-runs/contract/client";

import { type Picture, picturesOf } from "../local/pictures.ts";
import type { FlowOptions } from "./options.ts";

/** Puts together what a flow is given: pictures, `--input`, and the defaults that lie beside the definition. */
export async function givenTo(
  definition: Definition,
  file: string,
  words: readonly string[],
  { input = {} }: FlowOptions,
  objects: Objects,
): Promise<Outcome<Record<string, Value[]>>> {
  const inputs = definition.inputs ?? {};
  const given: Record<string, Value[]> = {};
  if (words.length > 0) {
    const name = Object.keys(inputs).find((one) => inputs[one]!.type === "image");
    if (name === undefined)
      return fail("local_file", `The flow ${definition.name} takes no picture.`);
    const pictures = await picturesOf(words);
    if (!pictures.ok) return pictures;
    const kept = await keptAll(pictures.value, objects);
    if (!kept.ok) return kept;
    given[name] = kept.value;
  }
  for (const [name, texts] of Object.entries(input)) {
    const known = inputs[name];
    if (!known)
      return fail(
        "local_file",
        `The flow has no input ${name}. It has ${Object.keys(inputs).join(", ") || "none"}.`,
      );
    if (given[name])
      return fail("local_file", `The input ${name} is given twice: as a picture and with --input.`);
    const values = await valuesOf(texts, known, name, objects);
    if (!values.ok) return values;
    given[name] = values.value;
  }
  for (const [name, { default: text, type, ...rest }] of Object.entries(inputs)) {
    if (given[name] || text === undefined) continue;
    const isFile = type !== "text" && type !== "number";
    const beside = isFile ? path.resolve(path.dirname(file), String(text)) : String(text);
    const values = await valuesOf([beside], { type, ...rest }, name, objects);
    if (!values.ok) return values;
    given[name] = values.value;
  }
  return succeed(given);
}

async function valuesOf(
  texts: readonly string[],
  { type }: FlowInput,
  name: string,
  objects: Objects,
): Promise<Outcome<Value[]>> {
  if (type === "text") return succeed(texts.map((text) => ({ type, text })));
  if (type === "number") {
    const wrong = texts.find((text) => text.trim() === "" || !Number.isFinite(Number(text)));
    if (wrong !== undefined)
      return fail(
        "local_file",
        `The input ${name} is a number, and ${JSON.stringify(wrong)} is none.`,
      );
    return succeed(texts.map((text) => ({ type, number: Number(text) })));
  }
  if (type === "image") {
    const pictures = await picturesOf(texts);
    return pictures.ok ? keptAll(pictures.value, objects) : pictures;
  }
  const values: Value[] = [];
  for (const file of texts) {
    const bytes = await readFile(file).catch(() => undefined);
    if (!bytes) return fail("local_file", `The file ${file} can't be read.`);
    const { name: stem, ext } = path.parse(file);
    if (type === "mesh" && bytes.toString("latin1", 0, 4) !== "glTF")
      return fail("local_file", `${file} is no GLB, and the input ${name} is a mesh.`);
    values.push({
      type,
      sha256: await objects.put(bytes),
      bytes: bytes.length,
      format: type === "mesh" ? "glb" : ext.slice(1),
      name: stem,
    });
  }
  return succeed(values);
}

async function keptAll(pictures: readonly Picture[], objects: Objects): Promise<Outcome<Value[]>> {
  const values: Value[] = [];
  for (const { image, name, stem } of pictures) {
    const bytes = await (typeof image === "string" ? readFile(image) : image.arrayBuffer()).then(
      (read) => new Uint8Array(read),
      () => undefined,
    );
    if (!bytes) return fail("local_file", `The picture ${name} can't be read.`);
    const format = path.extname(name).slice(1).toLowerCase() || "png";
    values.push({
      type: "image",
      sha256: await objects.put(bytes),
      bytes: bytes.length,
      format,
      name: stem,
    });
  }
  return succeed(values);
}
