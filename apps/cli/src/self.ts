import { realpathSync } from "node:fs";
import path from "node:path";

/** How this program is called here, so that advice can be typed as it stands. */
export const SELF = callOf(process.argv[1] ?? "", process.env);

function callOf(script: string, env: NodeJS.ProcessEnv): string {
  if (env["npm_command"] === "exec") return "npx modly-runs";
  const real = realOf(script);
  for (const folder of (env["PATH"] ?? "").split(path.delimiter)) {
    if (folder && realOf(path.join(folder, "modly-runs")) === real) return "modly-runs";
    // npm on Windows leaves a script beside the package in place of a link.
    if (process.platform === "win32" && real?.startsWith(path.join(folder, "node_modules")))
      return "modly-runs";
  }
  const relative = path.relative(process.cwd(), script);
  const shown = relative.length < script.length ? relative : script;
  return ["node", ...process.execArgv, shown].map(quoted).join(" ");
}

function realOf(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
