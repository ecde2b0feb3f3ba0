import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";

import { formOf } from "../../test/crash/wire.ts";
import { hammer, requestOf } from "../hammer.ts";
import { judge, percentile } from "../row.ts";
import { createRun, ended, stepsForm, withOurs } from "../sides.ts";
import { photograph } from "./photograph.ts";

const CLIENTS = 500;
const SECONDS = 10;

/** A flat mesh of so many squares a side, as a binary glTF. */
function gridGlb(side: number): Buffer {
  const points = (side + 1) ** 2;
  const positions = new Float32Array(points * 3);
  for (let at = 0; at < points; at++)
    positions.set([at % (side + 1), Math.floor(at / (side + 1)), Math.sin(at)], at * 3);
  const indices = new Uint32Array(side * side * 6);
  for (let at = 0; at < side * side; at++) {
    const a = Math.floor(at / side) * (side + 1) + (at % side);
    indices.set([a, a + 1, a + side + 1, a + 1, a + side + 2, a + side + 1], at * 6);
  }
  const bin = Buffer.concat([Buffer.from(positions.buffer), Buffer.from(indices.buffer)]);
  const views = [
    { buffer: 0, byteOffset: 0, byteLength: positions.byteLength },
    { buffer: 0, byteOffset: positions.byteLength, byteLength: indices.byteLength },
  ];
  const text = JSON.stringify({
    asset: { version: "2.0" },
    ...{ scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }] },
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1 }] }],
    accessors: [
      {
        ...{ bufferView: 0, componentType: 5126, count: points, type: "VEC3" },
        ...{ min: [0, 0, -1], max: [side, side, 1] },
      },
      { bufferView: 1, componentType: 5125, count: indices.length, type: "SCALAR" },
    ],
    ...{ bufferViews: views, buffers: [{ byteLength: bin.length }] },
  });
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4));
  const words = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
  return Buffer.concat([
    words(0x46546c67, 2, 28 + json.length + bin.length),
    ...[words(json.length, 0x4e4f534a), json, words(bin.length, 0x004e4942), bin],
  ]);
}

/** Row 8: reads while the machine is busy, by one client that asks again and again. */
export const busy = () =>
  withOurs(async ({ url }, dataDir) => {
    const done = await ended(url, await createRun(url, stepsForm(1, 0)));
    const read = [requestOf("GET", `${url}/workflow-runs/${done.run_id}`)];
    const p99 = async (ms: number) =>
      percentile((await hammer(url, read, { connections: 1, ms })).times, 99);

    const form = formOf(await photograph(1024), { model_id: "builtin/inflate" });
    const over = new AbortController();
    const work = Array.from({ length: availableParallelism() }, async () => {
      while (!over.signal.aborted) await ended(url, await createRun(url, form));
    });
    const polls = Array.from({ length: CLIENTS }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, (at / CLIENTS) * 1000));
      while (!over.signal.aborted) {
        // A kept connection that the server closes just then is asked again a second later.
        await fetch(`${url}/workflow-runs/${done.run_id}`).then(
          (answer) => answer.text(),
          () => undefined,
        );
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    });
    const generating = await p99(SECONDS * 1000);
    over.abort();
    await Promise.all([...work, ...polls]);

    const collection = path.join(dataDir, "workspace", "Bench");
    await mkdir(collection, { recursive: true });
    const glb = gridGlb(640);
    for (let count = 0; count < 5; count++)
      await writeFile(path.join(collection, `${count}.glb`), glb);
    const exports = Array.from({ length: 5 }, async (_, at) => {
      const answer = await fetch(`${url}/export/obj?path=Bench/${at}.glb`);
      await answer.arrayBuffer();
      return answer.status;
    });
    const exporting = await p99(5000);
    const statuses = await Promise.all(exports);
    return [
      judge({
        ...{ name: "p99 of a read while inflate runs on every core, 500 clients poll", unit: "ms" },
        ...{ ours: generating, atMost: 50 },
      }),
      judge({
        ...{ name: "p99 of a read while a mesh is exported five times", unit: "ms", atMost: 50 },
        ours: exporting,
        note: `${(glb.length / 1024 ** 2).toFixed(1)} MiB, answered ${statuses.join(" ")}`,
      }),
    ];
  });
