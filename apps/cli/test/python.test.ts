// The Python client, as a program of somebody else's.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";

import { expect, test } from "vitest";

import { NOBODY, root, scratch, startOurServer } from "./processes.ts";

const PROGRAM = `
import sys
from modly_runs import Client, Failure
url, nobody, picture, folder = sys.argv[1:]
client = Client(url)
assert any(model["id"] == "builtin/auto" for model in client.models())
assert any(param["id"] == "grid" for param in client.params("builtin/relief"))
seen = []
run = client.run(picture, "test/steps", to=folder + "/duck.glb", on_progress=lambda run: seen.append(run["progress"]))
assert run["status"] == "done" and seen == sorted(seen) and seen[-1] == 100, seen
assert client.download(run)[:4] == b"glTF"
client.export(run, "stl", to=folder + "/duck.stl", size_mm=80)
slow = client.create(open(picture, "rb").read(), "test/steps", {"steps": 500})
assert client.cancel(slow)["cancelled"] is True
assert [run["status"] for run in client.watch(slow)][-1] == "cancelled"
for attempt, code in [
    (lambda: client.create(picture, "no/model"), "unknown_model"),
    (lambda: client.run(picture, "test/fail"), "run_error"),
    (lambda: client.get("none"), "run_not_found"),
    (lambda: client.create("nowhere.png", "test/steps"), "local_file"),
    (lambda: client.download(run, folder + "/no/duck.glb"), "local_file"),
    (lambda: Client(nobody).get("x"), "unreachable"),
    (lambda: list(client.watch(client.create(picture, "test/steps", {"steps": 500}), timeout=0.5)), "timeout"),
]:
    try:
        attempt()
        raise AssertionError(code)
    except Failure as failure:
        assert failure.code == code, failure.code
print("well")
`;

test("the Python client goes from a picture to an STL, and knows every refusal", async () => {
  const { dir, remove } = await scratch();
  const server = await startOurServer(path.join(dir, "data"));
  try {
    const args = ["-c", PROGRAM, server.url, NOBODY, path.join(root, "examples/duck.png"), dir];
    const python = spawn("python3", args, {
      env: {
        PATH: process.env["PATH"],
        PYTHONPATH: path.join(root, "clients/python"),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    });
    const [out, errors] = await Promise.all([
      text(python.stdout),
      text(python.stderr),
      once(python, "close"),
    ]);
    expect(out, errors).toBe("well\n");
    // Others may read the mesh as they may read any new file.
    await writeFile(path.join(dir, "any"), "");
    expect((await stat(path.join(dir, "duck.glb"))).mode).toBe(
      (await stat(path.join(dir, "any"))).mode,
    );
    const stl = await readFile(path.join(dir, "duck.stl"));
    expect(stl).toHaveLength(84 + stl.readUInt32LE(80) * 50);
  } finally {
    await server.stop();
    await remove();
  }
});
