// The client in a page: bundled for a browser, run in Chromium, against the real server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { build } from "esbuild";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../../../..");
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const there = existsSync(CHROMIUM);
if (!there && process.env["CI"]) throw new Error(`No Chromium at ${CHROMIUM}: set CHROMIUM.`);

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, "page.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    conditions: ["@modly-runs/source"],
  });
  return outputFiles[0]!.text;
}

test("the client can be bundled for a browser, without anything of Node", async () => {
  expect(await bundled()).not.toMatch(/["']node:/);
});

test.runIf(there)(
  `a page turns a picture into a mesh (needs Chromium at ${CHROMIUM})`,
  async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-browser-"));
    const script = await bundled();
    const duck = await readFile(path.join(root, "examples/duck.png"));
    const page = createServer((request, response) => {
      if (request.url === "/page.js")
        response.setHeader("content-type", "text/javascript").end(script);
      else if (request.url === "/duck.png")
        response.setHeader("content-type", "image/png").end(duck);
      else
        response
          .setHeader("content-type", "text/html")
          .end('<script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const args = [
      "--port",
      "0",
      "--data-dir",
      dir,
      "--log-level",
      "silent",
      "--allow-origin",
      origin,
    ];
    const main = path.join(root, "apps/server/dist/main.js");
    const server = spawn(process.execPath, [main, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      let url = "";
      for await (const line of createInterface({ input: server.stdout })) {
        url = /http:\/\/\S+/.exec(line)?.[0] ?? "";
        if (url) break;
      }
      const tab = await browser.newPage();
      await tab.goto(`${origin}/#${url}`);
      await tab.waitForFunction("window.outcome !== undefined");
      const outcome = await tab.evaluate("window.outcome");
      expect(outcome).toMatchObject({
        ok: true,
        status: "done",
        magic: "glTF",
        path: expect.stringMatching(/a File, a Blob or bytes/),
      });
      expect((outcome as { seen: number[] }).seen.at(-1)).toBe(100);
    } finally {
      await browser.close();
      server.kill("SIGTERM");
      if (server.exitCode === null) await once(server, "exit");
      page.closeAllConnections();
      page.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
);
