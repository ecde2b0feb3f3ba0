import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What was built before the tests: it starts in a third of the time. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** How a command ended and what it said. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a program to its end. */
export function execute(
  program: string,
  args: readonly string[],
  cwd = root,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

/** Runs the suite's command. */
export function conformance(...args: readonly string[]): Promise<Ended> {
  return execute(process.execPath, [main, ...args]);
}
