import { realpath } from "node:fs/promises";
import path from "node:path";

/** Files only in folders that were allowed, links followed. */
export class Allowed {
  readonly #folders: readonly string[];

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** A path as an agent gave it, made whole, or a sentence that says why not. A file need not be there yet. */
  async resolve(name: string): Promise<{ ok: true; file: string } | { ok: false; why: string }> {
    const roots = await Promise.all(
      this.#folders.map((folder) => realpath(folder).catch(() => folder)),
    );
    const file = path.resolve(roots[0] ?? ".", name);
    const real = await realpath(file).catch(async () => {
      const folder = await realpath(path.dirname(file)).catch(() => undefined);
      return folder && path.join(folder, path.basename(file));
    });
    if (real === undefined) return { ok: false, why: `There is no folder ${path.dirname(file)}.` };
    const inside = roots.some((root) => {
      const relative = path.relative(root, real);
      return !relative.startsWith("..") && !path.isAbsolute(relative);
    });
    return inside
      ? { ok: true, file: real }
      : {
          ok: false,
          why: `${name} is outside the folders that are allowed: ${roots.join(", ")}. Start with --allow to add one.`,
        };
  }
}
