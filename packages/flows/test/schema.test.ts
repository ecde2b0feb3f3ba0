import { readFile } from "node:fs/promises";

import { Ajv } from "ajv";
import { parse } from "yaml";
import { expect, test } from "vitest";

import { flowSchema } from "../scripts/schema.ts";
import { readFlow } from "../src/index.ts";
import { BAD } from "./bad-definitions.ts";

test("the JSON Schema beside is the one of the definition", async () => {
  const written = await readFile(new URL("../flow.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(written)).toEqual(JSON.parse(flowSchema()));
});

test("what the JSON Schema refuses is refused, so an editor never marks what runs", () => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(flowSchema()) as object);
  let refused = 0;
  for (const { name, text } of BAD) {
    let value: unknown;
    try {
      value = parse(text);
    } catch {
      continue;
    }
    if (validate(value)) continue;
    refused++;
    expect([name, readFlow(text).ok]).toEqual([name, false]);
  }
  expect(refused).toBeGreaterThan(30);
});
