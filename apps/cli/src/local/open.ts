import { spawn } from "node:child_process";

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Opens a file with the program that this system has for it; without one nothing happens. */
export function openFile(file: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  spawn(command!, [...args, file], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
