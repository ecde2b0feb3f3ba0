// A picture becomes a mesh: a server on a free port with fresh data, the command line, a rendered view.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { renderGlb } from "@modly-runs/mesh/render";

const root = path.resolve(import.meta.dirname, "..");
const fromSource = ["--conditions=@modly-runs/source", "--import", "tsx"];

function start(entry: string, args: string[], stdout: "inherit" | "pipe"): ChildProcess {
  return spawn(process.execPath, [...fromSource, path.join(root, entry), ...args], {
    cwd: root,
    stdio: ["ignore", stdout, "inherit"],
  });
}

/** The server's first line tells where it listens. Undefined if it ends before. */
async function urlOf(server: ChildProcess): Promise<string | undefined> {
  for await (const line of createInterface({ input: server.stdout! })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url) return url;
  }
  return undefined;
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGTERM");
  await once(server, "exit");
}

const began = Date.now();
const mesh = path.join(root, "out", "duck.glb");
const view = path.join(root, "out", "duck.png");
const data = await mkdtemp(path.join(tmpdir(), "modly-runs-demo-"));
const server = start(
  "apps/server/src/main.ts",
  ["--port", "0", "--data-dir", data, "--log-level", "warn"],
  "pipe",
);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => server.kill("SIGTERM"));

try {
  const url = await urlOf(server);
  if (url === undefined) throw new Error("The server did not start.");
  console.log(`Server: ${url}`);
  await mkdir(path.dirname(mesh), { recursive: true });
  const cli = start(
    "apps/cli/src/main.ts",
    ["run", path.join(root, "examples", "duck.png"), "--api-url", url, "--output", mesh],
    "inherit",
  );
  const [code] = (await once(cli, "exit")) as [number | null];
  if (code !== 0) throw new Error(`The run ended with exit code ${code}.`);
  const { png } = await renderGlb(await readFile(mesh), { yaw: -35, pitch: 15 });
  await writeFile(view, png);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`From examples/duck.png in ${seconds} s:`);
  console.log(`  the mesh          ${path.relative(process.cwd(), mesh)}`);
  console.log(`  how it looks      ${path.relative(process.cwd(), view)}`);
  if (process.stdin.isTTY) {
    console.log(`The page is open at ${url} until Ctrl+C.`);
    await once(server, "exit");
  } else {
    console.log("The page, at http://127.0.0.1:8765: npm run dev");
  }
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
} finally {
  await stop(server);
  await rm(data, { recursive: true, force: true });
}
