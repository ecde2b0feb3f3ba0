import { Document, WebIO } from "@gltf-transform/core";
import { expect, it } from "vitest";
import { readMesh, writeMesh } from "../src/index.ts";
import { renderGlb, renderMesh, type Rendering } from "../src/render/index.ts";
import { box } from "./shapes.ts";

/** Squares of two metres facing +Z, each with its depth and linear colour. */
function squares(
  ...layers: { z: number; colour: [number, number, number]; side: number }[]
): Promise<Uint8Array> {
  const document = new Document();
  const buffer = document.createBuffer();
  const scene = document.createScene();
  for (const { z, colour, side } of layers) {
    const h = side / 2;
    const corners = new Float32Array([-h, -h, z, h, -h, z, h, h, z, -h, h, z]);
    const positions = document.createAccessor().setType("VEC3").setArray(corners).setBuffer(buffer);
    const indices = document
      .createAccessor()
      .setArray(new Uint16Array([0, 1, 2, 0, 2, 3]))
      .setBuffer(buffer);
    const material = document.createMaterial().setBaseColorFactor([...colour, 1]);
    const primitive = document
      .createPrimitive()
      .setAttribute("POSITION", positions)
      .setIndices(indices)
      .setMaterial(material);
    scene.addChild(document.createNode().setMesh(document.createMesh().addPrimitive(primitive)));
  }
  return new WebIO().writeBinary(document);
}

function pixel({ width, pixels }: Rendering, x: number, y: number): number[] {
  const at = (y * width + x) * 4;
  return [...pixels.subarray(at, at + 4)];
}

const PLAIN = {
  width: 64,
  height: 64,
  fov: 0,
  margin: 0.25,
  lit: false,
  background: null,
} as const;

it("fills the picture but for the margin, and leaves the rest see-through", async () => {
  const seen = await renderGlb(await squares({ z: 0, colour: [1, 0, 0], side: 2 }), PLAIN);
  expect(pixel(seen, 32, 32)).toEqual([255, 0, 0, 255]);
  expect(pixel(seen, 17, 46)).toEqual([255, 0, 0, 255]);
  expect(pixel(seen, 14, 32)[3]).toBe(0);
  expect(pixel(seen, 32, 50)[3]).toBe(0);
});

it("shows what is nearer, from either side and in any order", async () => {
  const near = { z: 1, colour: [0, 1, 0], side: 1 } as const;
  const far = { z: -1, colour: [0, 0, 1], side: 2 } as const;
  for (const layers of [
    [near, far],
    [far, near],
  ]) {
    const glb = await squares(
      ...layers.map(({ z, colour, side }) => ({
        z,
        side,
        colour: [...colour] as [number, number, number],
      })),
    );
    expect(pixel(await renderGlb(glb, PLAIN), 32, 32)).toEqual([0, 255, 0, 255]);
    expect(pixel(await renderGlb(glb, { ...PLAIN, yaw: 180 }), 32, 32)).toEqual([0, 0, 255, 255]);
    expect(pixel(await renderGlb(glb, { ...PLAIN, fov: 30 }), 32, 32)).toEqual([0, 255, 0, 255]);
  }
});

it("turns the eye to the right with yaw and up with pitch", async () => {
  const [left, right] = [
    { z: 0, side: 2 },
    { z: 1, side: 2 },
  ];
  const glb = await squares({ ...left, colour: [1, 0, 0] }, { ...right, colour: [0, 1, 0] });
  const aside = await renderGlb(glb, { ...PLAIN, yaw: 60, margin: 0 });
  expect(pixel(aside, 2, 32).slice(0, 3)).toEqual([0, 255, 0]);
  expect(pixel(aside, 61, 32).slice(0, 3)).toEqual([255, 0, 0]);
  const above = await renderGlb(glb, { ...PLAIN, pitch: 60, margin: 0 });
  expect(pixel(above, 32, 61).slice(0, 3)).toEqual([0, 255, 0]);
  expect(pixel(above, 32, 2).slice(0, 3)).toEqual([255, 0, 0]);
});

it("puts a background behind the model and writes a PNG", async () => {
  const seen = await renderGlb(await squares({ z: 0, colour: [1, 1, 1], side: 2 }), {
    ...PLAIN,
    background: [10, 20, 30],
  });
  expect(pixel(seen, 0, 0)).toEqual([10, 20, 30, 255]);
  expect(seen.png.subarray(1, 4).toString()).toBe("PNG");
});

it("lights a mesh that has no normals by its form", async () => {
  const written = await writeMesh(box(1, 1, 1), "stl");
  const read = await readMesh(written.main, "stl");
  if (!read.ok) throw new Error(read.why);
  const { pixels } = await renderMesh(read.value, {
    width: 64,
    height: 64,
    yaw: 35,
    pitch: 25,
    samples: 1,
  });
  const shades = new Set<number>();
  for (let at = 0; at < pixels.length; at += 4) shades.add(pixels[at]!);
  // The background and three sides.
  expect(shades.size).toBe(4);
});

it("throws when there is nothing to draw", async () => {
  await expect(renderGlb(await squares())).rejects.toThrow(/no triangles/);
});
