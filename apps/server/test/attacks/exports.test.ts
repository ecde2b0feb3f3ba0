import { existsSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { expect, test } from "vitest";

import { openApp } from "../support/app.ts";
import { gltf, grid } from "../support/meshes.ts";
import { expectProblem } from "../support/raw.ts";

async function openWith(name: string, glb: Buffer) {
  const app = await openApp();
  await mkdir(path.join(app.workspaceDir, "Default"), { recursive: true });
  writeFileSync(path.join(app.workspaceDir, "Default", name), glb);
  return { app, target: (format: string) => `/export/${format}?path=Default/${name}` };
}

test("exports of a large mesh hold up nobody, and the same one is made once", async () => {
  const glb = grid(700);
  expect(glb.length).toBeGreaterThan(15_000_000);
  const { app, target } = await openWith("large.glb", glb);
  const conversion = { isOver: false };
  const others = (async () => {
    let answered = 0;
    for (; !conversion.isOver; answered++) {
      await (await fetch(`${app.url}/health`)).arrayBuffer();
      await wait(5);
    }
    return answered;
  })();
  const answers = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const answer = await fetch(app.url + target("stl"));
      return { status: answer.status, bytes: Number(answer.headers.get("content-length")) };
    }),
  );
  conversion.isOver = true;
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ bytes }) => bytes))).toEqual(new Set([84 + 50 * 700 * 700 * 2]));
  // A process that converts by itself answers once or twice meanwhile.
  expect(await others).toBeGreaterThan(20);
  expect((await fetch(app.url + target("stl"))).status).toBe(200);
});

test("a small file that claims millions of vertices is refused", async () => {
  const { app, target } = await openWith("liar.glb", gltf({ claimed: 30_000_000 }));
  for (const format of ["obj", "stl", "ply"]) {
    const answer = await app.api().get(target(format));
    expect(expectProblem(answer), format).toMatchObject({ status: 400, code: "unknown_format" });
  }
});

test("exports are on the server's own shelf, and go with the next start", async () => {
  const { app, target } = await openWith("small.glb", grid(4));
  await app.api().get(target("ply")).expect(200);
  expect((await app.leftOnDisk()).meshes).toEqual(["small.glb"]);
  expect(existsSync(path.join(app.dataDir, "exports"))).toBe(true);
});

test("more exports than can wait are refused, and asked to come again", async () => {
  const { app, target } = await openWith("some.glb", grid(100));
  const sizes = Array.from({ length: 30 }, (_, index) => index + 1);
  const answers = await Promise.all(
    sizes.map((size) => app.api().get(`${target("stl")}&size_mm=${size}`)),
  );
  const statuses = new Set(answers.map(({ status }) => status));
  expect(statuses).toEqual(new Set([200, 503]));
  const refused = answers.find(({ status }) => status === 503)!;
  expect(expectProblem(refused).code).toBe("overloaded");
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
});
