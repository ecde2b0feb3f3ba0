import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import path from "node:path";

const onPath = (process.env["PATH"] ?? "").split(path.delimiter).filter(Boolean);

/** Debian keeps PostgreSQL's programs off the PATH, a directory for each version. */
function postgresDirectories(): string[] {
  const versions = "/usr/lib/postgresql";
  if (!existsSync(versions)) return onPath;
  const newestFirst = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  return [...newestFirst.map((version) => path.join(versions, version, "bin")), ...onPath];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The directory of PostgreSQL's programs, or undefined where it is not installed. */
export function findPostgres(): string | undefined {
  return postgresDirectories().find((directory) =>
    ["initdb", "postgres"].every((name) => isProgram(path.join(directory, name))),
  );
}

/** The program of Redis, or of what speaks as it does; undefined where none is installed. */
export function findRedis(): string | undefined {
  return ["redis-server", "valkey-server"]
    .flatMap((name) => [...onPath, "/usr/bin"].map((directory) => path.join(directory, name)))
    .find(isProgram);
}

/** Debian's packages of what is missing here. */
export function missingPackages(): string[] {
  return [
    ...(findPostgres() === undefined ? ["postgresql"] : []),
    ...(findRedis() === undefined ? ["redis-server"] : []),
  ];
}

function idOf(option: "-u" | "-g", user: string): number {
  const { stdout, status } = spawnSync("id", [option, user], { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`PostgreSQL does not run as root, and there is no user ${user}.`);
  return Number(stdout);
}

/** Who PostgreSQL runs as: itself where we are root, which it refuses to be, else ourselves. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return { uid: idOf("-u", "postgres"), gid: idOf("-g", "postgres") };
}
