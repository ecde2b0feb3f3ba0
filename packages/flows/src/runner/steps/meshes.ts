import {
  boundsOf,
  convert as convertBytes,
  figuresOf,
  type Mesh,
  type Part,
  readMesh,
  writeMesh,
} from "@modly-runs/mesh";
import type { Format } from "@modly-runs/mesh/formats";
import { renderMesh } from "@modly-runs/mesh/render";
import { simplifyTo } from "@modly-runs/mesh/simplify";

import type { MEASURES } from "../../definition/kinds.ts";
import type { Value } from "../../plan/value.ts";
import {
  type DoStep,
  failed,
  made,
  nameOf,
  number,
  type StepContext,
  type StepOutcome,
  text,
} from "../step.ts";

/** Does something with the meshes of an input, or says why they can't be read. */
async function withMeshes(
  { inputs, read }: StepContext,
  input: "mesh" | "meshes",
  work: (meshes: [Mesh, ...Mesh[]], values: readonly Value[]) => Promise<StepOutcome>,
): Promise<StepOutcome> {
  const meshes: Mesh[] = [];
  for (const value of inputs[input]!) {
    const mesh = await readMesh(await read(value), "glb");
    if (!mesh.ok) return failed(mesh.why, true);
    meshes.push(mesh.value);
  }
  return work(meshes as [Mesh, ...Mesh[]], inputs[input]!);
}

async function keepGlb(context: StepContext, mesh: Mesh, name = nameOf(context)) {
  const { main } = await writeMesh(mesh, "glb");
  return context.keep(main, { type: "mesh", format: "glb", name });
}

export const simplify: DoStep = (context) =>
  withMeshes(context, "mesh", async ([mesh]) => {
    const simple = await simplifyTo(mesh, context.params["triangles"] as number);
    return made({
      mesh: await keepGlb(context, simple),
      triangles: number(figuresOf(simple).triangles),
    });
  });

export const convert: DoStep = async (context) => {
  const { format, size_mm: sizeMm } = context.params as { format: Format; size_mm?: number };
  const bytes = await context.read(context.inputs["mesh"]![0]);
  const done = await convertBytes(bytes, { from: "glb", to: format, sizeMm });
  if (!done.ok) return failed(done.why, true);
  const file = await context.keep(done.value.main, { type: "file", format, name: nameOf(context) });
  return made({ file });
};

export const scale: DoStep = (context) =>
  withMeshes(context, "mesh", async ([mesh]) => {
    const { factor, size_mm: size } = context.params as { factor?: number; size_mm?: number };
    const longest = Math.max(...sizeOf(mesh));
    if (factor === undefined && longest === 0)
      return failed("The mesh has no extent, and can't get a size.", true);
    const times = factor ?? size! / 1000 / longest;
    const parts = mesh.parts.map((part) => moved(part, (value) => value * times));
    return made({ mesh: await keepGlb(context, { ...mesh, parts }) });
  });

export const merge: DoStep = (context) =>
  withMeshes(context, "meshes", async (meshes) => {
    const { arrange, gap } = context.params as { arrange: "row" | "in_place"; gap: number };
    const widest = Math.max(...meshes.map((mesh) => sizeOf(mesh)[0]));
    let x = 0;
    const parts = meshes.flatMap((mesh) => {
      if (arrange === "in_place") return mesh.parts;
      const { low, high } = boundsOf(mesh);
      const by = [x - low[0], -low[1], -(low[2] + high[2]) / 2] as const;
      x += high[0] - low[0] + gap * widest;
      return mesh.parts.map((part) => moved(part, (value, axis) => value + by[axis]));
    });
    return made({ mesh: await keepGlb(context, { parts }, "") });
  });

export const preview: DoStep = (context) =>
  withMeshes(context, "mesh", async ([mesh]) => {
    const { png } = await renderMesh(mesh, context.params);
    return made({
      image: await context.keep(png, { type: "image", format: "png", name: nameOf(context) }),
    });
  });

export const measure: DoStep = (context) =>
  withMeshes(context, "mesh", async ([mesh]) => {
    const found = measured(mesh);
    const sides = [found.width, found.height, found.depth].map((side) =>
      Number(side.toPrecision(3)),
    );
    const summary = `${found.triangles} triangles, ${sides.join(" x ")} m, ${found.watertight ? "watertight" : "not watertight"}`;
    return made({
      ...Object.fromEntries(Object.entries(found).map(([name, value]) => [name, number(value)])),
      summary: text(summary),
    });
  });

export const pick: DoStep = (context) =>
  withMeshes(context, "meshes", async (meshes, values) => {
    const { by, prefer } = context.params as {
      by: (typeof MEASURES)[number] | "watertight";
      prefer: "most" | "least";
    };
    const sign = prefer === "most" ? 1 : -1;
    const worth = meshes.map((mesh) => sign * measured(mesh)[by]);
    const best = worth.indexOf(Math.max(...worth));
    return made({ mesh: values[best]!, index: number(best + 1) });
  });

function measured(mesh: Mesh) {
  const { triangles, vertices, size, watertight, volume } = figuresOf(mesh);
  const [width, height, depth] = size;
  return {
    triangles,
    vertices,
    width,
    height,
    depth,
    volume: volume ?? 0,
    watertight: watertight ? 1 : 0,
  };
}

function sizeOf(mesh: Mesh): readonly [number, number, number] {
  const { low, high } = boundsOf(mesh);
  return [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
}

const moved = (part: Part, to: (value: number, axis: 0 | 1 | 2) => number): Part => ({
  ...part,
  positions: part.positions.map((value, at) => to(value, (at % 3) as 0 | 1 | 2)),
});
