import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { findPostgres, postgresUser } from "./programs.ts";
import { endProgram, onFreePort, type Service, startProgram } from "./service.ts";

/** A new directory that PostgreSQL's user can reach; a temporary directory of root's may hide it. */
function privateDirectory(user: ReturnType<typeof postgresUser>): string {
  for (const parent of [tmpdir(), "/tmp", "/var/tmp"]) {
    const directory = mkdtempSync(path.join(parent, "modly-runs-postgres-"));
    if (!user) return directory;
    chownSync(directory, user.uid, user.gid);
    chmodSync(directory, 0o700);
    if (spawnSync("test", ["-w", directory], { ...user, cwd: "/" }).status === 0) return directory;
    spawnSync("rmdir", [directory]);
  }
  throw new Error(`No temporary directory can be reached by PostgreSQL's user: ${tmpdir()}.`);
}

function initialise(bin: string, directory: string, user: ReturnType<typeof postgresUser>): void {
  const { status, stderr, error } = spawnSync(
    path.join(bin, "initdb"),
    [
      ...["-D", directory, "-U", "postgres", "--auth=trust"],
      ...["--encoding=UTF8", "--no-locale", "--no-sync"],
    ],
    { ...user, cwd: "/", encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`initdb failed: ${stderr}`, { cause: error });
}

/** Starts a private PostgreSQL with its data in a temporary directory, as its own user where we are root. */
export async function startPostgres(): Promise<Service> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  const user = postgresUser();
  const home = privateDirectory(user);
  const data = path.join(home, "data");
  const remove = () => rm(home, { recursive: true, force: true, maxRetries: 3 });
  try {
    initialise(bin, data, user);
    const start = (port: number) =>
      startProgram({
        file: path.join(bin, "postgres"),
        args: [
          ...["-D", data, "-p", String(port), "-k", home],
          ...["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"],
          // It has to outlive its own death, not a power cut.
          ...["-c", "fsync=off", "-c", "full_page_writes=off"],
        ],
        options: { ...user, cwd: "/" },
        ready: /database system is ready to accept connections/,
      });
    const [port, first] = await onFreePort(async (port) => [port, await start(port)] as const);
    let child = first;
    return {
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      async restart() {
        // SIGQUIT is PostgreSQL's own crash: every connection is cut, and the log is replayed.
        await endProgram(child, "SIGQUIT");
        child = await start(port);
      },
      async stop() {
        await endProgram(child, "SIGQUIT");
        await remove();
      },
    };
  } catch (cause) {
    await remove();
    throw cause;
  }
}
