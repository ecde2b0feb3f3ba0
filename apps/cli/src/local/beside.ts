import { readFileSync } from "node:fs";
import path from "node:path";

import type { Beside } from "@modly-runs/mesh";

/** The files that an OBJ names, from its own folder and nowhere else. */
export function besideOf(mesh: string): Beside {
  const folder = path.dirname(path.resolve(mesh));
  return (name) => {
    const file = path.resolve(folder, name);
    if (path.dirname(file) !== folder) return undefined;
    try {
      return readFileSync(file);
    } catch {
      return undefined;
    }
  };
}
