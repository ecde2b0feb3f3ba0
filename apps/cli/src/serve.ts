import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";

import { type Ending, EXIT } from "./exit.ts";

/** The command that the server's package installs. */
const SERVER = "modly-runs-server";

/** Runs the installed server in the foreground, with the flags as they are, and ends as it ends. */
export async function serve(flags: readonly string[]): Promise<Ending | { exit: number }> {
  // Installed side by side, the server's command lies where ours does, on the PATH or not.
  const PATH = [dirname(process.argv[1] ?? "."), process.env["PATH"] ?? ""].join(delimiter);
  const server = spawn(SERVER, flags, {
    stdio: "inherit",
    env: { ...process.env, PATH },
    // The commands that npm installs on Windows are scripts, which only its shell can start.
    shell: process.platform === "win32",
  });
  // A terminal's Ctrl-C reaches the server by itself; it decides when to go, and we go after it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => server.kill("SIGTERM"));
  try {
    const [code, signal] = (await once(server, "exit")) as [number | null, string | null];
    return { exit: code ?? (signal === null ? EXIT.unexpected : EXIT.interrupted) };
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    return {
      exit: EXIT.noServer,
      message: missing
        ? "The server is not installed. Install it with `npm install --global @modly-runs/server`."
        : `The server can't be started: ${cause instanceof Error ? cause.message : String(cause)}.`,
    };
  }
}
