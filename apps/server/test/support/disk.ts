import { execFile } from "node:child_process";
import { appendFile, mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { onTestFinished } from "vitest";

const run = promisify(execFile);

/** A file system of a few MiB, which a test can fill and free. */
export interface SmallDisk {
  readonly directory: string;
  /** Takes all the room there is left. */
  fill(): Promise<void>;
  free(): Promise<void>;
}

async function appendUntilFull(file: string, bytes: number): Promise<void> {
  try {
    for (;;) await appendFile(file, Buffer.alloc(bytes));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
  }
}

/** Mounts one; undefined where mounting is not allowed. It goes when the test is over. */
export async function mountSmallDisk(mib: number): Promise<SmallDisk | undefined> {
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-disk-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", directory]);
  } catch {
    await rmdir(directory);
    return undefined;
  }
  onTestFinished(async () => {
    await run("umount", ["-l", directory]);
    await rmdir(directory);
  });
  const ballast = path.join(directory, "ballast");
  return {
    directory,
    async fill() {
      for (const bytes of [64 * 1024, 4096, 1]) await appendUntilFull(ballast, bytes);
    },
    free: () => rm(ballast, { force: true }),
  };
}
