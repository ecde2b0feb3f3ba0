import path from "node:path";

import { EXPORT_FORMATS } from "@modly-runs/contract/companion";

/** Media types of the mesh files a generator may write; anything else is bytes. */
const TYPES: Record<string, string> = {
  ...Object.fromEntries(Object.entries(EXPORT_FORMATS).map(([name, type]) => [`.${name}`, type])),
  ".gltf": "model/gltf+json",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

/** What a file is told to be, by its name. */
export function mediaTypeOf(name: string): string {
  return TYPES[path.extname(name).toLowerCase()] ?? "application/octet-stream";
}
