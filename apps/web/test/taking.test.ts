import { execFile } from "node:child_process";
import { chmod, copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { describe, expect, onTestFinished, test } from "vitest";

import { BROWSER } from "./support/browser.ts";
import { choose, example, makeButton, onThePage, setUp, shown } from "./support/page.ts";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../../..");
const TOKEN = "open-sesame";
/** Every kind of quote, a space and a flag's dash: whatever a shell could take for its own. */
const PICTURE = `-it's a "duck" $HOME.png`;
const MESH = `-it's a -duck- $HOME.glb`;

const hasRequests = await run("python3", ["-c", "import requests"]).then(
  () => true,
  () => false,
);
if (!hasRequests && process.env["CI"])
  throw new Error("Python has no requests, and CI must run the copied command in Python.");
if (!hasRequests)
  process.stderr.write("\nLEFT OUT: the command copied for Python. It needs python3-requests.\n");

/** How what was copied is run in a folder that holds the picture. */
const RUN: Record<string, (text: string, folder: string) => [string, string[]]> = {
  curl: (text) => ["sh", ["-c", text]],
  "Command line": (text) => ["sh", ["-c", text]],
  TypeScript: (_, folder) => [
    path.join(root, "node_modules/.bin/tsx"),
    ["--conditions=@modly-runs/source", path.join(folder, "copied.mts")],
  ],
  Python: (_, folder) => ["python3", [path.join(folder, "copied.mts")]],
};

describe.runIf(BROWSER)("the same by command", () => {
  const { visit } = onThePage(["--test-models", `--token=${TOKEN}`]);

  test("what is copied makes the same mesh, in every tool", async () => {
    const page = await visit({
      allowed: /status of 401/,
      permissions: ["clipboard-read", "clipboard-write"],
    });
    await page.getByLabel("Token", { exact: true }).fill(TOKEN);
    await page.getByRole("button", { name: "Open" }).click();
    await choose(page, {
      name: PICTURE,
      mimeType: "image/png",
      buffer: await readFile(example("star")),
    });
    await setUp(page, "Takes a number of steps", { Steps: 2, "Milliseconds a step": 5 });
    await makeButton(page).click();
    await shown(page);
    await page.getByText("The same by command").click();

    const tools = Object.entries(RUN).filter(([tool]) => tool !== "Python" || hasRequests);
    const copied: Record<string, string> = {};
    for (const [tool] of tools) {
      await page.getByRole("button", { name: tool }).click();
      await page.getByRole("button", { name: "Copy", exact: true }).click();
      await page.getByText("Copied").waitFor();
      copied[tool] = await page.evaluate(() => navigator.clipboard.readText());
    }
    await Promise.all(
      tools.map(async ([tool, command]) => {
        const text = copied[tool]!;
        const folder = await mkdtemp(path.join(tmpdir(), "modly-runs-copied-"));
        onTestFinished(() => rm(folder, { recursive: true, force: true }));
        await copyFile(example("star"), path.join(folder, PICTURE));
        await writeFile(path.join(folder, "copied.mts"), text);
        await symlink(path.join(root, "apps/web/node_modules"), path.join(folder, "node_modules"));
        const bin = path.join(folder, "modly-runs");
        const main = path.join(root, "apps/cli/dist/main.js");
        await writeFile(bin, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
        await chmod(bin, 0o755);
        const { stdout, stderr } = await run(...command(text, folder), {
          cwd: folder,
          env: {
            PATH: `${folder}:${process.env["PATH"]}`,
            HOME: folder,
            MODLY_RUNS_TOKEN: TOKEN,
          },
        });
        const mesh = await readFile(path.join(folder, MESH)).catch(() => undefined);
        expect(mesh?.toString("latin1", 0, 4), `${tool}: ${stdout}${stderr}`).toBe("glTF");
        expect(text).toContain("test/steps");
        expect(text).toMatch(/"steps": ?2.*"step_ms": ?5/);
      }),
    );
  });
});
