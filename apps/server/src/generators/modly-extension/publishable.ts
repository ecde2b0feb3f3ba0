import path from "node:path";

import { READ_FORMATS, type ReadFormat } from "@modly-runs/mesh";

import { createPool } from "../../children/pool.ts";
import { faultOfMesh } from "../../files/mesh-check.ts";
import type { GenerateResult } from "../generator.ts";
import type { Conversion } from "./convert-child.ts";

/** A converter that has waited so long is let go, ms; what one may take, bytes. */
const IDLE_MS = 30_000;
const MEMORY_BYTES = 4 * 1024 ** 3;

const isReadable = (name: string): name is ReadFormat =>
  (READ_FORMATS as readonly string[]).includes(name);

/** The name the extension gave its file, as far as it is plain. */
function stemOf(file: string): string {
  const name = path.basename(file, path.extname(file)).replaceAll(/[^A-Za-z0-9._-]/g, "");
  return /^[A-Za-z0-9]/.test(name) ? name.slice(0, 100) : "mesh";
}

const failed = (error: string): GenerateResult => ({ ok: false, error });

/** Makes what extensions write fit to be published: clients check for glTF. */
export function createPublisher(places: number) {
  const pool = createPool<Conversion>({
    program: { module: new URL("./convert-child", import.meta.url), memoryBytes: MEMORY_BYTES },
    places,
    spare: false,
    idleMs: IDLE_MS,
  });
  return {
    async publishable(file: string, workDir: string, signal: AbortSignal): Promise<GenerateResult> {
      const stem = stemOf(file);
      const from = path.extname(file).slice(1).toLowerCase();
      if (!isReadable(from))
        return failed(
          `The extension wrote a file that ends in "${path.extname(file)}". What can be published: ${READ_FORMATS.map((each) => `.${each}`).join(", ")}.`,
        );
      if (from === "glb") return { ok: true, file, stem };
      // Before anybody reads it: a path may lead anywhere.
      const fault = await faultOfMesh(file, workDir);
      if (fault) return failed(`The extension ${fault}.`);
      const to = path.join(workDir, "converted.glb");
      const end = await pool.run({ file, from, to }, signal, () => {});
      if (end.kind === "stopped") return failed("The run was stopped.");
      if (end.kind === "died")
        return failed(
          `The extension's .${from} could not be converted: the process that tried ${end.death.of === "memory" ? "ran out of memory" : "ended unexpectedly"}.`,
        );
      return end.made.why === undefined ? { ok: true, file: to, stem } : failed(end.made.why);
    },
    close: () => pool.close(),
  };
}
