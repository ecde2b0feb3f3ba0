import path from "node:path";

import type { GenerateResult } from "../generator.ts";

/** What an extension wrote, as the file that is published: clients check for glTF. */
export async function publishable(file: string, workDir: string): Promise<GenerateResult> {
  const extension = path.extname(file).toLowerCase();
  if (extension === ".glb") return { ok: true, file, stem: stemOf(file) };
  void workDir;
  return {
    ok: false,
    error: `The extension wrote a ${extension || "file without an ending"}, which is no mesh that can be published: .glb, .ply, .obj and .stl can.`,
  };
}

/** The name the extension gave it, as far as it is plain. */
function stemOf(file: string): string {
  const name = path.basename(file, path.extname(file)).replaceAll(/[^A-Za-z0-9._-]/g, "");
  return name.slice(0, 100) || "mesh";
}
