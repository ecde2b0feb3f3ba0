/** Every format that is written. `printed`: in millimetres, of the size that was asked for, +Z up. */
export const FORMATS = {
  glb: { mediaType: "model/gltf-binary", printed: false },
  obj: { mediaType: "model/obj", printed: false },
  stl: { mediaType: "model/stl", printed: true },
  ply: { mediaType: "application/octet-stream", printed: false },
  "3mf": { mediaType: "model/3mf", printed: true },
} as const;

/** A format that `writeMesh` writes; also the extension of its files. */
export type Format = keyof typeof FORMATS;

export const isFormat = (name: string): name is Format => Object.hasOwn(FORMATS, name);
