import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Router } from "express";

const require = createRequire(import.meta.url);
const DOCUMENT = require.resolve("@modly-runs/contract/openapi.json");

/** The viewer comes with the package, not from somebody's server: the page works without a network. */
const VIEWER = import.meta.url.endsWith(".ts")
  ? path.dirname(require.resolve("swagger-ui-dist/package.json"))
  : fileURLToPath(new URL("viewer", import.meta.url));

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Workflow runs</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="viewer"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** A file of its own, because pages of this server run no inline script. */
const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#viewer", validatorUrl: null });\n`;

/** The contract as OpenAPI, and a page to read it. */
export function createDocsRouter(): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get("/openapi.json", (_req, res) => res.type("application/json").sendFile(DOCUMENT));
  router.get("/docs", (_req, res) => void res.type("html").send(PAGE));
  router.get("/docs/start.js", (_req, res) => void res.type("text/javascript").send(START));
  for (const name of ["swagger-ui.css", "swagger-ui-bundle.js"])
    router.get(`/docs/${name}`, (_req, res) => res.sendFile(path.join(VIEWER, name)));
  return router;
}
