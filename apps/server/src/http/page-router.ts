import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { type RequestHandler, Router } from "express";

import { refuse } from "./problems.ts";

/** The built page: carried by the package, or from source where the page's own build leaves it. */
const BUILT = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../../web/dist/" : "page/", import.meta.url),
);

/**
 * What the page may do: run its own scripts, talk to this server, and show pictures and meshes that
 * it holds in memory (`blob:`). Nothing inline, nothing evaluated, nothing from elsewhere.
 */
const POLICY = [
  "default-src 'none'",
  // The decoder of compressed meshes is WebAssembly.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
};
const COMPRESSIBLE = /^(?:text|image\/svg)/;

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly gzipped: Buffer | null;
}

async function load(file: string): Promise<Asset> {
  const body = await readFile(file);
  const type = TYPES[path.extname(file)] ?? "application/octet-stream";
  return {
    type,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    body,
    gzipped: COMPRESSIBLE.test(type) ? await promisify(gzip)(body) : null,
  };
}

/** Serves one file of the page. Read once: a page is a few files that never change under a server. */
function serve(file: string, cache: string): RequestHandler {
  let loaded: Promise<Asset> | undefined;
  return (req, res, next) => {
    loaded ??= load(file).catch((cause: unknown) => {
      loaded = undefined;
      throw cause;
    });
    loaded.then(({ type, etag, body, gzipped }) => {
      res.setHeader("Content-Security-Policy", POLICY);
      res.setHeader("X-Frame-Options", "DENY");
      res.setHeader("Cache-Control", cache);
      res.setHeader("Content-Type", type);
      res.setHeader("ETag", etag);
      res.vary("Accept-Encoding");
      if (req.fresh) return void res.status(304).end();
      const small = gzipped && req.acceptsEncodings("gzip");
      if (small) res.setHeader("Content-Encoding", "gzip");
      res.end(small ? gzipped : body);
    }, next);
  };
}

/** The page at `/`: files that another package builds, and that hold no data of anybody. */
export function createPageRouter(directory = BUILT): Router {
  const router = Router({ strict: true, caseSensitive: true });
  if (!existsSync(path.join(directory, "index.html"))) {
    router.get("/", (_req, res) =>
      refuse(res, "route_not_found", "The page is not built. `npx pnpm@10.34.9 build` builds it."),
    );
    return router;
  }
  // Only what is there now has a route, so no path of a request ever names a file.
  router.get("/", serve(path.join(directory, "index.html"), "no-cache"));
  router.get("/icon.svg", serve(path.join(directory, "icon.svg"), "no-cache"));
  for (const name of readdirSync(path.join(directory, "assets")))
    router.get(
      `/assets/${name}`,
      serve(path.join(directory, "assets", name), "public, max-age=31536000, immutable"),
    );
  return router;
}
