import { existsSync } from "node:fs";

import { type Browser, chromium } from "playwright-core";

const PLACES = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** The browser on this machine, or undefined where there is none. */
export const BROWSER = PLACES.find((file) => file !== undefined && existsSync(file));

if (!BROWSER && process.env["CI"])
  throw new Error("No browser was found, and CI must not leave these tests out. Install chromium.");
if (!BROWSER)
  process.stderr.write(
    "\nLEFT OUT: the tests of the page. They need chromium; CHROMIUM names it.\n",
  );

/** A browser without a screen, a graphics card or a wish to call home. */
export function openBrowser(...flags: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: BROWSER!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      // A name that is not this machine's, for pages from elsewhere.
      "--host-resolver-rules=MAP elsewhere.test 127.0.0.1",
      ...flags,
    ],
  });
}
