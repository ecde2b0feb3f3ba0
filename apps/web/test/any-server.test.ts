import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import { BROWSER } from "./support/browser.ts";
import { choose, example, makeButton, onThePage, shown, takeHome } from "./support/page.ts";
import { listening } from "./support/server.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const PAGE = path.join(root, "apps/web/dist");
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** The page's files in front of a server that has no page of its own, as a proxy would do it. */
async function inFrontOf(server: string): Promise<string> {
  const proxy = createServer((req, res) => {
    const file = path.join(PAGE, req.url === "/" ? "index.html" : req.url!);
    readFile(file).then(
      (body) => res.setHeader("content-type", TYPES[path.extname(file)] ?? "image/png").end(body),
      () => {
        const headers = { ...req.headers, host: new URL(server).host };
        const passed = request(server + req.url, { method: req.method, headers }, (answer) => {
          res.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(res);
        });
        passed.on("error", () => res.destroy());
        req.pipe(passed);
      },
    );
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void proxy.close());
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

describe.runIf(BROWSER)("the page before any conforming server", () => {
  const { visit } = onThePage(null);

  test("with the three endpoints and the workspace alone, a picture still becomes a mesh", async () => {
    const witness = path.join(root, "packages/conformance/witness/server.py");
    const { url, child } = await listening("python3", [witness, "--port", "0"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    // A browser writes a line for each route that is not there.
    const page = await visit({ url: await inFrontOf(url), allowed: /status of 404/ });
    await choose(page, example("duck"));
    await page.getByLabel("Model id").fill("witness/flat");
    await makeButton(page).click();
    await shown(page);
    expect(await page.locator(".figures").textContent()).toMatch(/2 triangles/);
    const glb = await takeHome(page, /^GLB/);
    expect(glb.name).toBe("duck.glb");
    expect(glb.bytes.subarray(0, 4).toString()).toBe("glTF");
    // What this server has not is not shown.
    expect(await page.locator(".format strong").allTextContents()).toEqual(["GLB", "PNG"]);
    expect(await page.getByLabel("Longest side").count()).toBe(0);
    expect(await page.getByRole("link", { name: "For programmers" }).count()).toBe(0);
    await page.reload();
    await shown(page);
  });
});
