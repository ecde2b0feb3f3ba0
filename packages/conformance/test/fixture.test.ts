import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { png } from "../src/wire/pictures.ts";

const fixture = fileURLToPath(new URL("../fixtures/modly-extension", import.meta.url));
const run = promisify(execFile);

/** The module that every host of Modly's extensions provides, as far as the fixture can see it. */
const BASE = `
class GenerationCancelled(Exception):
    pass

class BaseGenerator:
    hf_repo = ""
    hf_skip_prefixes = []
    download_check = ""
    _params_schema = []

    def __init__(self, model_dir, outputs_dir):
        self.model_dir, self.outputs_dir = model_dir, outputs_dir

    def params_schema(self):
        return self._params_schema

    def _report(self, progress_cb, pct, step):
        if progress_cb:
            progress_cb(pct, step)

    def _check_cancelled(self, event):
        if event and event.is_set():
            raise GenerationCancelled()
`;

/** Loads the extension, makes one mesh, and tells in one line of JSON what happened. */
const HOST = `
import importlib.util, json, pathlib, sys, threading
here = pathlib.Path(__file__).parent
extension, node, params, cancel_at = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
sys.path.insert(0, str(here))
spec = importlib.util.spec_from_file_location("generator", pathlib.Path(extension) / "generator.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
manifest = json.loads((pathlib.Path(extension) / "manifest.json").read_text())
kind = getattr(module, manifest["generator_class"])
generator = kind(here / "models" / manifest["id"] / node, here / "outputs")
generator.load()
cancel, seen = threading.Event(), []
def progress(pct, step):
    seen.append(pct)
    if len(seen) == cancel_at:
        cancel.set()
try:
    path = generator.generate((here / "picture.png").read_bytes(), params, progress, cancel)
    result = {"path": str(path)}
except Exception as error:
    result = {"error": type(error).__name__, "message": str(error)}
print(json.dumps({**result, "progress": seen, "prefix": sys.prefix, "downloaded": generator.is_downloaded()}))
`;

interface Told {
  path?: string;
  error?: string;
  message?: string;
  progress: number[];
  prefix: string;
  downloaded: boolean;
}

describe.each(["the host's Python", "a venv of its own"])("the Modly extension in %s", (mode) => {
  let folder: string;
  let extension: string;
  let python = "python3";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fixture-"));
    extension = join(folder, "extension");
    await cp(fixture, extension, { recursive: true });
    const generators = join(folder, "services", "generators");
    await mkdir(generators, { recursive: true });
    await writeFile(join(generators, "base.py"), BASE);
    await writeFile(join(folder, "host.py"), HOST);
    await writeFile(join(folder, "picture.png"), png());
    if (mode === "a venv of its own") {
      await run("python3", ["-m", "venv", "--without-pip", join(extension, "venv")]);
      python = join(extension, "venv", "bin", "python");
    }
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function generate(node: string, params: object = {}, cancelAt = -1): Promise<Told> {
    const { stdout } = await run(
      python,
      [join(folder, "host.py"), extension, node, JSON.stringify(params), String(cancelAt)],
      // What it writes elsewhere on purpose goes with the rest.
      { env: { ...process.env, TMPDIR: folder } },
    );
    return JSON.parse(stdout) as Told;
  }

  it("makes a mesh and reports whole percent that never fall", async () => {
    const told = await generate("succeed");
    const bytes = await readFile(told.path ?? "");
    expect(told.downloaded).toBe(true);
    expect(bytes.toString("latin1", 0, 4)).toBe("glTF");
    expect(bytes.readUInt32LE(8)).toBe(bytes.length);
    expect(told.progress).toEqual([...told.progress].sort((a, b) => a - b));
    expect(told.progress.every((pct) => Number.isInteger(pct) && pct >= 0 && pct <= 100)).toBe(
      true,
    );
  });

  it("fails with a sentence", async () => {
    const told = await generate("fail");
    expect(told).toMatchObject({ error: "RuntimeError", message: expect.stringMatching(/fails/) });
  });

  it("puts the fingerprint of the picture into the name, and never takes a name twice", async () => {
    const sha256 = createHash("sha256").update(png()).digest("hex");
    const told = [await generate("fingerprint"), await generate("fingerprint")];
    for (const { path } of told) expect(path).toContain(sha256);
    expect(told[0]?.path).not.toBe(told[1]?.path);
  });

  it("stops at the next step when it is cancelled, and leaves no file", async () => {
    const before = await readdir(join(folder, "outputs")).catch(() => []);
    const told = await generate("long", { step_ms: 1 }, 3);
    expect(told.error).toBe("GenerationCancelled");
    expect(told.progress).toHaveLength(3);
    expect(await readdir(join(folder, "outputs")).catch(() => [])).toEqual(before);
  });

  it("runs in the Python that it was given", async () => {
    const { prefix } = await generate("succeed");
    expect(prefix.startsWith(extension)).toBe(mode === "a venv of its own");
  });

  it("offers exactly the models that the preset asks for", async () => {
    const manifest = JSON.parse(await readFile(join(extension, "manifest.json"), "utf8")) as {
      id: string;
      nodes: { id: string }[];
    };
    expect(manifest.nodes.map(({ id }) => `${manifest.id}/${id}`)).toEqual([
      "modly-runs-fixture/succeed",
      "modly-runs-fixture/long",
      "modly-runs-fixture/fail",
      "modly-runs-fixture/fingerprint",
      "modly-runs-fixture/driven",
    ]);
  });
});
