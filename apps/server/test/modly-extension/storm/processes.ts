import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** Every process that is no zombie. */
function processes(): Process[] {
  return execFileSync("ps", ["-eo", "pid=,ppid=,pgid=,stat="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => !/^[ZX]/.test(state ?? ""))
    .map(([pid, parent, group]) => ({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
    }));
}

/** The leaders of the groups in which a server has its Python processes. */
export function leadersOf(server: number): number[] {
  return processes().flatMap(({ pid, parent, group }) =>
    parent === server && group === pid ? [pid] : [],
  );
}

/** Who is alive in any of these groups. */
export function membersOf(groups: ReadonlySet<number>): number[] {
  return processes().flatMap(({ pid, group }) => (groups.has(group) ? [pid] : []));
}

/** Resident memory, MiB. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
