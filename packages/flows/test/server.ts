import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const root = path.resolve(import.meta.dirname, "../../..");

/** A server of the contract as a process, with the test models. */
export async function startServer() {
  const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-flows-server-"));
  const args = ["--port", "0", "--data-dir", dir, "--test-models", "--log-level", "silent"];
  const child = spawn(process.execPath, [path.join(root, "apps/server/dist/main.js"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const url = /http:\/\/\S+/.exec(line)?.[0];
  if (!url) throw new Error(`The server did not start: ${line}`);
  child.stdout.resume();
  return {
    url,
    /** The meshes it made. */
    async meshes(): Promise<number> {
      const names = await readdir(path.join(dir, "workspace"), { recursive: true }).catch(() => []);
      return names.filter((name) => name.endsWith(".glb")).length;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}
