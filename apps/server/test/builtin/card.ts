import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Document, WebIO } from "@gltf-transform/core";
import sharp from "sharp";
import type { Generator, GeneratorSource } from "../../src/generators/generator.ts";

/** The picture on a flat card, one metre wide. */
const card: Generator = {
  descriptor: {
    id: "paper/card",
    name: "Card",
    description: "Prints the picture on a flat card.",
    version: "1.0.0",
    params_schema: [{ id: "size", type: "float", default: 1, min: 0.1, max: 10 }],
    knowsAllParams: true,
  },
  slot: { name: "paper", places: 4 },

  async generate({ imagePath, params, workDir }, context) {
    context.onProgress(0, "Reading the picture");
    const image = await sharp(imagePath)
      .autoOrient()
      .png()
      .toBuffer({ resolveWithObject: true })
      .catch(() => undefined);
    if (image === undefined) {
      return {
        ok: false,
        error: "The picture could not be decoded. Save it again as PNG or JPEG.",
      };
    }

    context.onProgress(50, "Writing the mesh");
    const width = Number(params["size"]);
    const height = (width * image.info.height) / image.info.width;
    const document = new Document();
    const buffer = document.createBuffer();
    const corners = [
      -width / 2,
      0,
      0,
      width / 2,
      0,
      0,
      width / 2,
      height,
      0,
      -width / 2,
      height,
      0,
    ];
    const positions = document
      .createAccessor()
      .setType("VEC3")
      .setArray(new Float32Array(corners))
      .setBuffer(buffer);
    const uvs = document
      .createAccessor()
      .setType("VEC2")
      .setArray(new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]))
      .setBuffer(buffer);
    const indices = document
      .createAccessor()
      .setArray(new Uint16Array([0, 1, 2, 0, 2, 3]))
      .setBuffer(buffer);
    const texture = document.createTexture().setMimeType("image/png").setImage(image.data);
    const material = document.createMaterial().setBaseColorTexture(texture).setDoubleSided(true);
    const primitive = document
      .createPrimitive()
      .setAttribute("POSITION", positions)
      .setAttribute("TEXCOORD_0", uvs)
      .setIndices(indices)
      .setMaterial(material);
    const mesh = document.createMesh().addPrimitive(primitive);
    document.createScene().addChild(document.createNode().setMesh(mesh));

    const file = join(workDir, "card.glb");
    await writeFile(file, await new WebIO().writeBinary(document));
    return { ok: true, file, stem: "card" };
  },
};

export function createCardSource(): GeneratorSource {
  return {
    list: async () => [card],
    find: async (modelId) => (modelId === card.descriptor.id ? card : undefined),
    close: async () => {},
  };
}
