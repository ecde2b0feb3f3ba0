import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { GenerateResult, Generator, GeneratorSource } from "../generator.ts";
import { sphere } from "./sphere.ts";
import { tetrahedron } from "./tetrahedron.ts";

type Work = (
  input: Parameters<Generator["generate"]>[0],
  context: Parameters<Generator["generate"]>[1],
) => Promise<GenerateResult>;

interface TestModel {
  readonly name: string;
  readonly description: string;
  readonly params: Generator["descriptor"]["params_schema"];
  readonly work: Work;
}

async function write(workDir: string, glb: Uint8Array, stem: string): Promise<GenerateResult> {
  const file = path.join(workDir, "mesh.glb");
  await writeFile(file, glb);
  return { ok: true, file, stem };
}

const STEP_PARAMS: TestModel["params"] = [
  { id: "steps", label: "Steps", type: "int", default: 5, min: 1, max: 100_000 },
  {
    id: "step_ms",
    label: "Milliseconds a step",
    type: "int",
    default: 100,
    min: 0,
    max: 3_600_000,
  },
];

/** Models for tests and for the conformance suite: no pixels, only a life to watch. */
const MODELS: Record<string, TestModel> = {
  steps: {
    name: "Steps",
    description: "Takes a number of steps, then gives a tetrahedron",
    params: STEP_PARAMS,
    async work({ params, workDir }, { signal, onProgress }) {
      const steps = Number(params["steps"]);
      for (let step = 1; step <= steps; step++) {
        onProgress(((step - 1) / steps) * 100, `Step ${step} of ${steps}`);
        await wait(Number(params["step_ms"]), undefined, { signal });
      }
      return write(workDir, await tetrahedron({}), "steps");
    },
  },
  fail: {
    name: "Fail",
    description: "Fails after a moment",
    params: [
      {
        id: "step_ms",
        label: "Milliseconds before it fails",
        type: "int",
        default: 20,
        min: 0,
        max: 3_600_000,
      },
    ],
    async work({ params }, { signal, onProgress }) {
      onProgress(10, "About to fail");
      await wait(Number(params["step_ms"]), undefined, { signal });
      return { ok: false, error: "The test model fails, as it was asked to." };
    },
  },
  fingerprint: {
    name: "Fingerprint",
    description: "Puts the picture's SHA-256 into the mesh's extras and into the file's name",
    params: [
      {
        id: "step_ms",
        label: "Milliseconds it takes",
        type: "int",
        default: 20,
        min: 0,
        max: 3_600_000,
      },
    ],
    async work({ imagePath, params, workDir }, { signal, onProgress }) {
      onProgress(10, "Reading the picture");
      const sha256 = createHash("sha256")
        .update(await readFile(imagePath))
        .digest("hex");
      await wait(Number(params["step_ms"]), undefined, { signal });
      return write(workDir, await tetrahedron({ sha256 }), sha256);
    },
  },
  sphere: {
    name: "Sphere",
    description: "Makes a ball of as many triangles as are asked for",
    params: [
      {
        id: "triangles",
        label: "Triangles",
        type: "int",
        default: 1000,
        min: 16,
        max: 5_000_000,
      },
    ],
    async work({ params, workDir }, { onProgress }) {
      onProgress(10, "Making the ball");
      return write(workDir, await sphere(Number(params["triangles"])), "sphere");
    },
  },
};

/** `test/steps`, `test/fail`, `test/fingerprint` and `test/sphere`, `places` runs at once. */
export function createTestSource(options: { places: number }): GeneratorSource {
  const generators = Object.entries(MODELS).map(
    ([node, { name, description, params, work }]): Generator => ({
      descriptor: {
        id: `test/${node}`,
        name,
        description,
        version: "1.0.0",
        params_schema: params,
        knowsAllParams: true,
        tags: ["test"],
      },
      slot: { name: "test", places: options.places },
      generate: work,
    }),
  );
  return {
    list: async () => generators,
    find: async (modelId) => generators.find(({ descriptor }) => descriptor.id === modelId),
    close: async () => {},
  };
}
