import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The contract is read from its source, as everywhere here; `pnpm dev` in this folder passes on to a server.
const server = process.env["MODLY_API_URL"] ?? "http://127.0.0.1:8765";
const routes = [
  "/workflow-runs",
  "/model",
  "/workspace",
  "/export",
  "/health",
  "/openapi.json",
  "/docs",
];

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ["@modly-runs/source", "browser", "module", "development|production"] },
  build: {
    target: "es2023",
    // Everything is a file of its own: the page's policy allows no data: and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The viewer is one large file on purpose; it is loaded when the first mesh is shown.
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: Object.fromEntries(routes.map((route) => [route, server])) },
});
