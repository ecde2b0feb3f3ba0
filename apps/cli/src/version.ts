import { readFileSync } from "node:fs";

/** The version in the package's own description, one folder up from the sources and from the build. */
export const VERSION = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  }
).version;
