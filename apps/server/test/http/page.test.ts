import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { openApp, scratch } from "../support/app.ts";
import { startServerProcess } from "../support/server-process.ts";

test("the page comes whole, without a token, and may do nothing that it need not", async () => {
  const app = await openApp({ token: "secret" });
  const page = await app.api().get("/").expect(200);
  expect(page.type).toBe("text/html");
  const policy = page.headers["content-security-policy"]!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|data:/);
  const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part!);
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts) {
    const answer = await app.api().get(part).set("Accept-Encoding", "gzip").expect(200);
    expect(answer.headers["content-encoding"]).toBe("gzip");
    await app.api().get(part).set("If-None-Match", answer.headers["etag"]!).expect(304);
  }
  await app.api().get("/model/all").expect(401);
  await app.api().get("/assets/..%2findex.html").expect(404);
});

test("--open opens the page's address", async () => {
  const dir = await scratch();
  const seen = path.join(dir, "seen");
  const browser = path.join(dir, "browser");
  await writeFile(browser, `#!/bin/sh\necho "$1" > '${seen}'\n`);
  await chmod(browser, 0o755);
  const server = await startServerProcess({
    dataDir: path.join(dir, "data"),
    args: ["--open"],
    env: { BROWSER: browser },
  });
  onTestFinished(async () => void (await server.kill()));
  await expect.poll(() => readFile(seen, "utf8").catch(() => "")).toBe(`${server.url}\n`);
});
