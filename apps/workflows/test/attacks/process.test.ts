import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, renameSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";

import { afterEach, beforeEach, expect, test } from "vitest";

import { api, picture, startService, type Started, temporary, until } from "../support.ts";

const SERVICE = path.resolve(import.meta.dirname, "../../dist/main.js");

let place: Awaited<ReturnType<typeof temporary>>;
let own: Started | undefined;
beforeEach(async () => {
  place = await temporary();
});
afterEach(async () => {
  await own?.kill();
  own = undefined;
  await place.remove();
});

const bodyOf = (step: object) => ({
  name: "Attack",
  origin_instance: "tests",
  steps: [{ id: "one", ...step }],
});
const small = async () => bodyOf({ task_type: "RESIZE", config: { image: await picture() } });

/** A mesh of so many triangles, each as large as the picture of it: hardly any bytes, and days of drawing. */
function overdrawn(triangles: number): string {
  const positions = Buffer.from(new Float32Array([-1, -1, 0, 1, -1, 0, 0, 1, 0]).buffer);
  const indices = Buffer.from(
    Uint32Array.from({ length: triangles * 3 }, (_, at) => at % 3).buffer,
  );
  const bin = Buffer.concat([positions, indices]);
  const gltf = {
    asset: { version: "2.0" },
    buffers: [{ byteLength: bin.length }],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: 36 },
      { buffer: 0, byteOffset: 36, byteLength: indices.length },
    ],
    accessors: [
      {
        bufferView: 0,
        componentType: 5126,
        count: 3,
        type: "VEC3",
        min: [-1, -1, 0],
        max: [1, 1, 0],
      },
      { bufferView: 1, componentType: 5125, count: triangles * 3, type: "SCALAR" },
    ],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
    nodes: [{ mesh: 0 }],
    scenes: [{ nodes: [0] }],
    scene: 0,
  };
  const text = JSON.stringify(gltf);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
  const chunk = (type: string, bytes: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(bytes.length);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, bytes]);
  };
  const chunks = Buffer.concat([chunk("JSON", json), chunk("BIN\0", bin)]);
  const head = Buffer.alloc(12);
  head.write("glTF", "latin1");
  head.writeUInt32LE(2, 4);
  head.writeUInt32LE(12 + chunks.length, 8);
  return `data:model/gltf-binary;base64,${Buffer.concat([head, chunks]).toString("base64")}`;
}

test("a mesh that takes days to draw fails its own workflow, and holds up nobody else's", async () => {
  own = await startService(place.dir, ["--workers", "1", "--worker-busy", "2"]);
  const client = api(own.url);
  const draw = { mesh: overdrawn(20_000), width: 4096, height: 4096, yaw: 0, pitch: 0 };
  const poison = await client.create(bodyOf({ task_type: "PREVIEW", config: draw }));
  const other = await client.create(await small());
  expect((await client.ended(other.id)).status).toBe("COMPLETED");
  expect(await client.ended(poison.id)).toMatchObject({
    status: "FAILED",
    error_message: "The process that did its steps died 4 times.",
  });
}, 600_000);

/** The service with its log where it is told. */
async function startWithLog(log: number | "pipe") {
  const child = spawn(
    process.execPath,
    [SERVICE, "--data-dir", place.dir, "--port", "0", "--log-level", "debug"],
    { env: { PATH: process.env["PATH"], HOME: place.dir }, stdio: ["ignore", "pipe", log] },
  );
  const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
  return { child, url: /http:\S+/.exec(line)![0] };
}

test("a log that can't be written costs its lines, not the service", async () => {
  const full = openSync("/dev/full", "w");
  const { child, url } = await startWithLog(full);
  try {
    const client = api(url);
    for (let nth = 0; nth < 3; nth++) {
      const { id } = await client.create(await small());
      expect((await client.ended(id)).status).toBe("COMPLETED");
    }
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    closeSync(full);
    child.kill("SIGKILL");
  }
}, 600_000);

test("a reader of the log that has stalled holds up neither answers nor the stop", async () => {
  const { child, url } = await startWithLog("pipe");
  try {
    const client = api(url);
    const long = "x".repeat(120);
    // More than a pipe holds.
    for (let nth = 0; nth < 800; nth++)
      expect((await client.call("GET", `/${long}${nth}`)).status).toBe(404);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
  }
}, 600_000);

test("a store that is moved away under the service takes nothing more, and goes on when it is put back", async () => {
  own = await startService(place.dir, []);
  const client = api(own.url);
  const { id } = await client.create(await small());
  await client.ended(id);
  const away = path.join(place.dir, "away");
  await mkdir(away);
  const files = readdirSync(place.dir).filter((name) => /^(workflows|flows)\.db/.test(name));
  const move = (from: string, to: string) => {
    for (const name of files) renameSync(path.join(from, name), path.join(to, name));
  };
  move(place.dir, away);
  expect(await client.refusal("POST", "/", await small())).toMatchObject({
    status: 503,
    code: "storage_busy",
  });
  expect((await client.get(id)).status).toBe("COMPLETED");
  move(away, place.dir);
  const again = await until(async () => {
    const { status, body } = await client.call("POST", "/", await small());
    return status === 201 ? (body as { id: string }).id : undefined;
  }, "a create");
  expect((await client.ended(again)).status).toBe("COMPLETED");
}, 600_000);
