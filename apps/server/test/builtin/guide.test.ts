import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRegistry } from "../../src/generators/registry.ts";
import { createCardSource } from "./card.ts";
import { complaints } from "./measure.ts";

const at = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "modly-runs-guide-"));
});
afterAll(() => rm(directory, { recursive: true }));

it("the guide's generator is the one that is tested here", async () => {
  const guide = await readFile(at("docs/write-a-generator.md"), "utf8");
  const source = await readFile(at("apps/server/test/builtin/card.ts"), "utf8");
  const shown = /```ts\n([\s\S]+?)```/.exec(guide)?.[1];
  expect(shown?.replace("./generator.ts", "../../src/generators/generator.ts")).toBe(source);
});

it("the lines that the guide writes beside stand in the server as it shows them", async () => {
  const guide = await readFile(at("docs/write-a-generator.md"), "utf8");
  const server = await readFile(at("apps/server/src/server.ts"), "utf8");
  const beside = /```diff\n([\s\S]+?)```/
    .exec(guide)![1]!
    .split("\n")
    .filter((line) => line.startsWith(" "));
  expect(beside.length).toBeGreaterThan(1);
  expect(server).toContain(beside.map((line) => line.slice(1)).join("\n"));
});

it("the guide's generator makes a mesh that the validator accepts, and refuses in a sentence", async () => {
  const generator = await createRegistry([createCardSource()]).choose("paper/card");
  const steps: string[] = [];
  const run = (imagePath: string) =>
    generator!.generate(
      {
        runId: "r",
        imagePath,
        params: { size: 1 },
        collection: "Default",
        workDir: directory,
        remembered: null,
      },
      {
        signal: new AbortController().signal,
        onProgress: (_, step) => steps.push(step),
        remember: async () => {},
      },
    );
  expect(await run(at("examples/mug.png"))).toEqual({
    ok: true,
    file: join(directory, "card.glb"),
    stem: "card",
  });
  expect(await complaints(await readFile(join(directory, "card.glb")))).toEqual([]);
  expect(steps).toEqual(["Reading the picture", "Writing the mesh"]);
  expect(await run(at("docs/write-a-generator.md"))).toMatchObject({ ok: false });
});
