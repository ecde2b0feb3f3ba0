import { createRequire } from "node:module";

import { Router } from "express";

const require = createRequire(import.meta.url);

/** The viewer comes from its package, not from somebody's server: the page works without a network. */
const VIEWER = require.resolve("rapidoc/dist/rapidoc-min.js");
const DOCUMENT = require.resolve("@modly-runs/contract/openapi.json");

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Workflow runs</title>
    <script type="module" src="/docs/viewer.js"></script>
  </head>
  <body>
    <rapi-doc spec-url="/openapi.json" render-style="read" load-fonts="false" theme="light"
      show-header="false" allow-authentication="true" allow-try="true"></rapi-doc>
  </body>
</html>
`;

/** The contract as OpenAPI, and a page to read it. */
export function createDocsRouter(): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.get("/openapi.json", (_req, res) => res.type("application/json").sendFile(DOCUMENT));
  router.get("/docs", (_req, res) => void res.type("html").send(PAGE));
  router.get("/docs/viewer.js", (_req, res) => res.type("text/javascript").sendFile(VIEWER));
  return router;
}
