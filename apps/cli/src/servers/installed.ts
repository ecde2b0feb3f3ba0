import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The server's own command, as the package that came with this one has it; undefined if it is not there. */
export function installedServer(): string | undefined {
  try {
    const index = import.meta.resolve("@modly-runs/server");
    const main = fileURLToPath(new URL(index.endsWith(".ts") ? "main.ts" : "main.js", index));
    return existsSync(main) ? main : undefined;
  } catch {
    return undefined;
  }
}

/** What to do where it is not. */
export const NOT_INSTALLED =
  "The server that belongs to this command is not installed. Install both with `npm install --global modly-runs`, or in a checkout with `npm run setup` and `npx pnpm@10.34.9 build`.";
