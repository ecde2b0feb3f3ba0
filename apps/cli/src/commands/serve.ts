import { spawn } from "node:child_process";
import { once } from "node:events";

import { EXIT } from "../exit.ts";
import { installedServer, NOT_INSTALLED } from "../servers/installed.ts";

/** Runs the installed server in the foreground, with the flags as they are, and ends as it ends. */
export async function serve(flags: readonly string[]): Promise<number> {
  const main = installedServer();
  if (main === undefined) {
    process.stderr.write(`${NOT_INSTALLED}\n`);
    return EXIT.noServer;
  }
  const server = spawn(process.execPath, [...process.execArgv, main, ...flags], {
    stdio: "inherit",
  });
  // A terminal's Ctrl-C reaches the server by itself; it decides when to go, and we go after it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => server.kill("SIGTERM"));
  const [code, signal] = (await once(server, "exit")) as [number | null, string | null];
  return code ?? (signal === null ? EXIT.unexpected : EXIT.interrupted);
}
