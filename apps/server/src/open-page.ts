import { spawn } from "node:child_process";

/** The command of each system that opens an address in the browser somebody uses. */
const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", win32: "explorer.exe" };

/**
 * Opens the page in a browser. A machine without one is no fault of the server's: the sentence says
 * where the page is instead.
 */
export function openPage(
  url: string,
  env: NodeJS.ProcessEnv,
  say: (sentence: string) => void,
): void {
  // BROWSER is what Unix programs ask first; elsewhere the system knows.
  const command = env["BROWSER"] ?? OPENERS[process.platform] ?? "xdg-open";
  const browser = spawn(command, [url], { stdio: "ignore", detached: true });
  browser.on("error", () => say(`No browser could be opened. The page is at ${url}`));
  browser.unref();
}
