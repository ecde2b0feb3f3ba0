import { createRequire } from "node:module";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** The service's version, from its package. */
export const VERSION: string = version;
