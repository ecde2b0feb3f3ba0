import { existsSync } from "node:fs";

import { type Browser, chromium } from "playwright-core";

const PLACES = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** The browser on this machine, or undefined where there is none. */
export const BROWSER = PLACES.find((file) => file !== undefined && existsSync(file));

if (!BROWSER && process.env["CI"])
  throw new Error("No browser was found, and CI must not leave these tests out. Install chromium.");
if (!BROWSER)
  process.stderr.write(
    "\nLEFT OUT: the tests of the report's page. They need chromium; CHROMIUM names it.\n",
  );

/** A browser without a screen or a graphics card. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: BROWSER!,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
}
