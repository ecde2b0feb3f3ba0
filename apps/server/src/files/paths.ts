import { realpath } from "node:fs/promises";
import path from "node:path";

import { undefinedIfAbsent } from "./absent.ts";

/** A piece of a path that means the same on every file system. */
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._ +@()-]*$/;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Splits a path of the workspace into its segments, or gives undefined for one that is not one:
 * absolute, empty or hidden segments, `..`, backslashes, drive letters, NUL, device names.
 */
export function segmentsOf(workspacePath: string): string[] | undefined {
  if (workspacePath.length === 0 || workspacePath.length > 512) return undefined;
  const segments = workspacePath.split("/");
  const sound = segments.every(
    (segment) => SEGMENT.test(segment) && !segment.endsWith(".") && !DEVICE.test(segment),
  );
  return sound ? segments : undefined;
}

/**
 * The real file behind a path of the workspace, or undefined when there is none or a link leads out.
 *
 * @param root absolute path of the workspace
 */
export async function resolveInside(
  root: string,
  workspacePath: string,
): Promise<string | undefined> {
  const segments = segmentsOf(workspacePath);
  if (!segments) return undefined;
  const [realRoot, real] = await Promise.all([
    realpath(root).catch(undefinedIfAbsent),
    realpath(path.join(root, ...segments)).catch(undefinedIfAbsent),
  ]);
  if (realRoot === undefined || real === undefined) return undefined;
  const inside = path.relative(realRoot, real);
  return inside !== "" && !inside.startsWith("..") && !path.isAbsolute(inside) ? real : undefined;
}
