// An agent's way, by the official SDK's client over stdio.
import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { STLLoader } from "three/addons/loaders/STLLoader.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import { cleanEnv, command, NOBODY, root, scratch } from "./processes.ts";

let home: Awaited<ReturnType<typeof scratch>>;
let agent: Client;
beforeAll(async () => {
  home = await scratch();
  await copyFile(path.join(root, "examples", "duck.png"), path.join(home.dir, "duck.png"));
  const [node, ...args] = command;
  const transport = new StdioClientTransport({
    command: node!,
    args: [...args, "mcp", "--allow", home.dir],
    env: {
      ...cleanEnv(home.dir),
      MODLY_RUNS_PORT: new URL(NOBODY).port,
      MODLY_RUNS_TEST_MODELS: "true",
    },
    stderr: "ignore",
  });
  agent = new Client({ name: "test", version: "1" });
  await agent.connect(transport);
});
afterAll(async () => {
  await agent.close();
  await home.remove();
});

interface RunData {
  run_id: string;
  status: string;
  progress: number;
}

async function call(name: string, args: object, options: object = {}): Promise<CallToolResult> {
  const request = { name, arguments: { ...args } };
  return (await agent.callTool(request, undefined, options)) as CallToolResult;
}
const dataOf = (result: CallToolResult) => result.structuredContent as unknown as RunData;
const textOf = ({ content: [first] }: CallToolResult) => (first?.type === "text" ? first.text : "");

test("from a picture to a saved STL", async () => {
  const { tools } = await agent.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual([
    "cancel_run",
    "generate_mesh",
    "get_run",
    "list_models",
    "save_mesh",
    "wait_run",
  ]);
  for (const { name, outputSchema, annotations } of tools)
    expect([name, outputSchema?.type, annotations?.openWorldHint]).toEqual([name, "object", false]);
  expect((await call("list_models", {})).structuredContent).toMatchObject({
    default: "builtin/auto",
  });

  const progress: number[] = [];
  const made = await call(
    "generate_mesh",
    { image_path: "duck.png" },
    { onprogress: (told: { progress: number }) => progress.push(told.progress) },
  );
  expect(
    made.content.map(({ type }) => type),
    textOf(made),
  ).toEqual(["text", "resource_link", "image"]);
  expect(made.structuredContent).toMatchObject({ status: "done", figures: { watertight: true } });
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  const [, link, image] = made.content;
  expect(link).toMatchObject({ mimeType: "model/gltf-binary" });
  const png = Buffer.from((image as { data: string }).data, "base64");
  expect(png.toString("latin1", 1, 4)).toBe("PNG");

  const { run_id } = dataOf(made);
  const saved = await call("save_mesh", { run_id, path: "duck.stl", size_mm: 64 });
  expect(saved.isError, textOf(saved)).toBeUndefined();
  const geometry = new STLLoader().parse(
    new Uint8Array(await readFile(path.join(home.dir, "duck.stl"))).buffer,
  );
  geometry.computeBoundingBox();
  const { min, max } = geometry.boundingBox!;
  expect(Math.max(max.x - min.x, max.y - min.y, max.z - min.z)).toBeCloseTo(64, 3);
  const again = await call("save_mesh", { run_id, path: "duck.stl" });
  expect([again.isError, textOf(again)]).toEqual([true, expect.stringMatching(/there already/)]);
});

test("a wait that is cancelled leaves the run to go on", async () => {
  const image_base64 = (await readFile(path.join(home.dir, "duck.png"))).toString("base64");
  const slow = { model: "test/steps", params: { steps: 400, step_ms: 50 }, image_base64 };
  const begun = await call("generate_mesh", { ...slow, wait_seconds: 0 });
  const { run_id } = dataOf(begun);
  expect(["pending", "running"]).toContain(dataOf(begun).status);
  expect(textOf(begun)).toMatch(/wait_run/);

  const stop = new AbortController();
  const waiting = call(
    "wait_run",
    { run_id },
    { signal: stop.signal, onprogress: () => stop.abort() },
  );
  await expect(waiting).rejects.toThrow(/abort/i);
  expect(dataOf(await call("get_run", { run_id })).status).toBe("running");
  expect(dataOf(await call("cancel_run", { run_id })).status).toBe("cancelled");
});

test.each([
  ["a picture elsewhere", "generate_mesh", { image_path: "/etc/passwd" }, /outside the folders/],
  ["a way up", "generate_mesh", { image_path: "../x.png" }, /outside the folders/],
  ["no picture", "generate_mesh", {}, /either image_path or image_base64/],
  ["a mesh elsewhere", "save_mesh", { run_id: "x", path: "/etc/duck.stl" }, /outside the folders/],
  ["a format that nobody writes", "save_mesh", { run_id: "x", path: "duck.fbx" }, /must end in/],
  ["an unknown run", "get_run", { run_id: "x" }, /no run/],
])("%s is refused with a sentence", async (_what, tool, args, why) => {
  const result = await call(tool, args);
  expect([result.isError, textOf(result)]).toEqual([true, expect.stringMatching(why)]);
});
