import { readFile } from "node:fs/promises";

import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

import { SETTINGS, variableOf } from "../../src/settings.ts";

const VARIABLES = Object.keys(SETTINGS).map(variableOf);

it.each(["compose.yaml", "kubernetes.yaml", "Dockerfile"])(
  "examples/cluster/%s is sound, and sets only what there is to set",
  async (name) => {
    const text = await readFile(
      new URL(`../../../../examples/cluster/${name}`, import.meta.url),
      "utf8",
    );
    if (name.endsWith(".yaml"))
      for (const each of parseAllDocuments(text, { merge: true })) {
        expect(each.errors).toEqual([]);
        expect(each.toJS()).toBeTypeOf("object");
      }
    const named = text.match(/MODLY_RUNS_[A-Z_]+/g) ?? [];
    expect(named.length).toBeGreaterThan(0);
    for (const variable of named) expect(VARIABLES).toContain(variable);
  },
);
