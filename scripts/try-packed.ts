/**
 * What will be published, installed by npm with all it depends on into an empty folder, and called by npx. Takes a minute
 * or two, and the registry: the tests do the same with what is installed here already.
 *
 *     pnpm build && pnpm try-packed
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const folder = mkdtempSync(path.join(tmpdir(), "modly-runs-packed-"));
const home = {
  XDG_DATA_HOME: path.join(folder, "data"),
  XDG_STATE_HOME: path.join(folder, "state"),
};

function call(cwd: string, command: string, ...args: string[]): void {
  console.log(`$ ${[command, ...args].join(" ")}`);
  execFileSync(command, args, {
    cwd,
    stdio: ["ignore", "inherit", "inherit"],
    // Port 4 is nobody's: no server that happens to run here is used.
    env: { ...process.env, ...home, MODLY_RUNS_PORT: "4" },
  });
}

try {
  // pnpm writes real versions where the workspace names its own packages.
  for (const from of [
    ...["packages/contract", "packages/mesh", "packages/flows"],
    ...["apps/server", "apps/cli", "apps/workflows"],
  ])
    call(
      path.join(root, from),
      "npx",
      "--yes",
      "pnpm@10.34.9",
      "pack",
      "--pack-destination",
      folder,
    );
  const tarballs = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  copyFileSync(path.join(root, "examples/duck.png"), path.join(folder, "duck.png"));
  call(folder, "npm", "init", "-y", "--silent");
  call(folder, "npm", "install", "--no-audit", "--no-fund", ...tarballs.map((name) => `./${name}`));
  call(folder, "npx", "modly-runs", "doctor");
  call(folder, "npx", "modly-runs-workflows", "--version");
  call(folder, "npx", "modly-runs", "run", "duck.png", "--preview", "seen.png");
  const mesh = readFileSync(path.join(folder, "duck.glb"));
  if (mesh.toString("latin1", 0, 4) !== "glTF") throw new Error("duck.glb is no mesh.");
  console.log(`duck.glb, ${mesh.length} bytes, from an empty folder.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
