import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// Stryker takes a mutant that keeps a test file from being loaded for one that no test has noticed.
const modules = JSON.parse(process.env["MUTATION_MODULES"] ?? "[]") as string[];

test.each(modules)("%s can be loaded", async (module) => {
  const at = fileURLToPath(new URL(`../../${module}`, import.meta.url));
  await expect(import(at)).resolves.toBeDefined();
});
