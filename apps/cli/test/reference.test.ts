import { readFile } from "node:fs/promises";
import path from "node:path";

import { expect, test } from "vitest";

import { reference } from "../src/reference.ts";
import { root } from "./processes.ts";

test("the reference in docs is what the program says of itself", async () => {
  expect(await readFile(path.join(root, "docs/cli-reference.md"), "utf8")).toBe(await reference());
});
