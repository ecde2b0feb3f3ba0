// Flows as people run them: the built command, a server as a process, the files that come of it.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer } from "node:stream/consumers";

import { readMesh } from "@modly-runs/mesh";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { cleanEnv, cli, root, scratch, startOurServer } from "./processes.ts";

let place: Awaited<ReturnType<typeof scratch>>;
let server: Awaited<ReturnType<typeof startOurServer>>;
let cwd = "";
let nth = 0;

beforeAll(async () => {
  place = await scratch();
  server = await startOurServer(path.join(place.dir, "server"));
});
afterAll(async () => {
  await server.stop();
  await place.remove();
});
beforeEach(async () => {
  cwd = path.join(place.dir, `work-${++nth}`);
  await mkdir(cwd);
});

const example = (name: string) => path.join(root, "examples", name);
/** Test models in place of those that take seconds; what an example does with them stays. */
const QUICK = { mesh: "test/fingerprint", round: "test/fingerprint", flat: "test/steps" };

/** `modly-runs flow ...` in a folder and with a home of its own. */
const flow = (...args: string[]) =>
  cli(["flow", ...args], { cwd, env: { ...cleanEnv(cwd), MODLY_API_URL: server.url } });

interface Document {
  ok: boolean;
  result: {
    flow_run: string;
    status: string;
    steps: {
      step: string;
      status: string;
      attempt: number;
      way: string;
      run_id?: string;
      reused?: string;
      error?: string;
    }[];
    files: string[];
    outputs: { name: string; number?: number; text?: string }[];
    findings: { line: number; column: number; message: string }[];
  };
  failure?: { code: string; message: string; exit: number };
}

async function flowJson(
  ...args: string[]
): Promise<Document & { code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await flow(...args, "--json").ended;
  return { ...(JSON.parse(stdout) as Document), code, stderr };
}

const STEPS = `version: 1
name: Steps
inputs: { picture: { type: image } }
steps:
  - { id: small, uses: resize, with: { longest: 64 }, inputs: { image: input.picture } }
  - id: mesh
    uses: generate
    with: { model: test/fingerprint }
    inputs: { image: small.image }
  - { id: stl, uses: convert, with: { format: stl }, inputs: { mesh: mesh.mesh } }
`;
const write = async (text = STEPS) => {
  await writeFile(path.join(cwd, "steps.yaml"), text);
  return "steps.yaml";
};

test("a flow is run, a line for each step, and its files are in a folder of its name", async () => {
  const file = await write();
  const { code, stdout, stderr } = await flow("run", file, example("duck.png")).ended;
  expect([code, stdout]).toEqual([0, `${path.join("steps", "duck-stl.stl")}\n`]);
  for (const [at, step] of ["small", "mesh", "stl"].entries())
    expect(stderr).toMatch(new RegExp(String.raw`\[${at + 1}/3\] ${step} +done +[\d.]+ s`));
  const stl = await readMesh(await readFile(path.join(cwd, "steps/duck-stl.stl")), "stl");
  expect(stl.ok).toBe(true);

  // The same again makes nothing; the new folder costs nobody's file.
  const again = await flowJson("run", file, example("duck.png"));
  expect(again.result.steps.map(({ reused }) => reused)).toEqual(Array(3).fill("made before"));
  expect(again.result.files).toEqual([path.join("steps-2", "duck-stl.stl")]);
  const fresh = await flowJson("run", file, example("duck.png"), "--fresh");
  expect(fresh.result.steps.some(({ reused }) => reused !== undefined)).toBe(false);
});

test("a folder of pictures goes through the whole flow, one by one", async () => {
  const file = await write();
  const pictures = ["duck.png", "mug.png", "star.png"].map(example);
  const { code, result } = await flowJson("run", file, ...pictures, "-o", "out");
  expect([code, result.status, result.steps.length]).toEqual([0, "done", 9]);
  expect((await readdir(path.join(cwd, "out"))).sort()).toEqual([
    "duck-stl.stl",
    "mug-stl.stl",
    "star-stl.stl",
  ]);
  // Into the same folder again: the same bytes need no second file.
  await flowJson("run", file, ...pictures, "-o", "out");
  expect((await readdir(path.join(cwd, "out"))).length).toBe(3);
});

test("what is wrong is said with its place, and nothing is run", async () => {
  const file = await write(
    STEPS.replace("uses: resize", "uses: resise").replace("mesh: mesh.mesh", "mesh: mush.mesh"),
  );
  const { code, stderr } = await flow("check", file).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^steps\.yaml:5:24: There is no kind of step "resise"\. Did you mean resize\?$/m,
  );
  const { failure, result } = await flowJson("run", file, example("duck.png"));
  expect([failure!.code, result.findings[0]!.line]).toEqual(["invalid_flow", 5]);
  expect(await readdir(cwd)).toEqual(["steps.yaml"]);

  await write();
  expect((await flow("check", file).ended).stdout).toBe(
    "steps.yaml is fine: Steps, 3 steps (small, mesh, stl).\n",
  );
  const missing = await flow("run", file).ended;
  expect(missing.stderr).toMatch(
    /^steps\.yaml:3:\d+: The flow needs a picture for its input picture\.$/m,
  );
  expect(
    (await flow("run", file, example("duck.png"), "--set", "mash.model=x").ended).stderr,
  ).toMatch(/the flow has no step mash\. It has small, mesh, stl\./);
  expect((await flow("walk").ended).stderr).toMatch(/There is no action walk/);
});

test("--set changes a param, --lock keeps what was made", async () => {
  const file = await write();
  await flowJson("run", file, example("duck.png"));
  const set = await flowJson("run", file, example("duck.png"), "--set", "stl.format=ply");
  expect(set.result.files).toEqual([path.join("steps-2", "duck-stl.ply")]);
  expect(set.result.steps.map(({ reused }) => reused)).toEqual([
    "made before",
    "made before",
    undefined,
  ]);
  const lock = await flowJson("run", file, example("mug.png"), "--lock", "mesh");
  expect(lock.result.steps.map(({ reused }) => reused)).toEqual([
    undefined,
    "locked",
    "made before",
  ]);
  const wrong = await flow("run", file, example("mug.png"), "--set", "small.longest=1").ended;
  expect(wrong.stderr).toMatch(/^steps\.yaml:5:\d+: It must be at least 16\.$/m);
});

test("a failed flow run says what to type, and that goes on with what is missing", async () => {
  const file = await write(STEPS.replace("test/fingerprint", "test/fail"));
  const failed = await flowJson("run", file, example("duck.png"));
  expect([failed.code, failed.failure!.code]).toEqual([5, "flow_failed"]);
  expect(failed.failure!.message).toMatch(
    /^1 step failed \(mesh\), 1 skipped\. Try these again with `.*flow resume/,
  );
  expect(failed.result.steps.map(({ status }) => status)).toEqual(["done", "failed", "skipped"]);
  const { flow_run: id } = failed.result;
  const again = await flowJson("resume", id.slice(0, 8));
  expect(again.result.steps.map(({ attempt }) => attempt)).toEqual([1, 2, 0]);
  // What was done before counts, and what went wrong before is not told again.
  const lines = again.stderr.split("\n").filter((line) => /^\[.*: /.test(line));
  expect(lines.map((line) => /^(\S+) +(\S+) +(\S+)/.exec(line)!.slice(1))).toEqual([
    ["[2/3]", "mesh", "failed:"],
    ["[3/3]", "stl", "skipped:"],
  ]);

  const { stdout } = await flow("show", id).ended;
  expect(stdout).toMatch(/mesh +failed: The test model fails/);
  expect(stdout).toMatch(/stl +skipped: It needs mesh/);
  expect((await flow("list").ended).stdout).toMatch(new RegExp(`${id} +failed +1/3 +Steps`));
  expect((await flow("clean", id).ended).stdout).toMatch(/^1 flow run and/);
  expect((await flow("list").ended).stderr).toMatch(/No flow was run/);
});

const SLOW = STEPS.replace(
  "{ model: test/fingerprint }",
  "{ model: test/steps, params: { steps: 60, step_ms: 50 } }",
);

/** The first that is told of the model at work, whatever it says of itself just then. */
const GOES_ON = /mesh +\d+% /;

test("Ctrl-C leaves a flow run that a resume goes on with: the same run", async () => {
  const file = await write(SLOW);
  const running = flow("run", file, example("duck.png"));
  await running.said(GOES_ON);
  running.kill("SIGINT");
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  const id = /flow resume (\S+?)`/.exec(stderr)![1]!;
  const before = (JSON.parse((await flow("show", id, "--json").ended).stdout) as Document).result
    .steps[1]!;
  const resumed = await flowJson("resume", id);
  expect([resumed.code, resumed.result.status]).toEqual([0, "done"]);
  expect(resumed.result.steps[1]).toMatchObject({ run_id: before.run_id, attempt: 1 });
});

test("cancel ends a flow run that another process runs, and its run on the server", async () => {
  const file = await write(SLOW.replace("steps: 60", "steps: 1000"));
  const running = flow("run", file, example("duck.png"), "--json");
  const said = await running.said(GOES_ON);
  const id = /Flow run (\S+)/.exec(said)![1]!;
  // Nobody else may run it meanwhile.
  expect((await flow("resume", id).ended).stderr).toMatch(/is being run already/);
  expect((await flow("cancel", id).ended).stdout).toBe("cancelled\n");
  const { code, stdout } = await running.ended;
  const { result } = JSON.parse(stdout) as Document;
  expect([code, result.status]).toEqual([6, "cancelled"]);
  await expect
    .poll(
      async () =>
        (
          (await (
            await fetch(`${server.url}/workflow-runs/${result.steps[1]!.run_id}`)
          ).json()) as { status: string }
        ).status,
    )
    .toBe("cancelled");
});

/** Quick models for the steps of an example that generate. */
const quick = (text: string) =>
  Object.entries(QUICK).flatMap(([step, model]) =>
    text.includes(`id: ${step}\n`) ? ["--set", `${step}.model=${model}`] : [],
  );

test.each([
  ["print.yaml", ["duck.png"], ["duck-picture.png", "duck-stl.stl"]],
  ["shelf.yaml", ["duck.png", "mug.png", "star.png"], ["picture.png", "shelf.glb"]],
  ["better.yaml", ["mug.png"], ["mug-mesh.glb"]],
] as const)("the example %s runs as it is handed out", async (name, pictures, files) => {
  await mkdir(path.join(cwd, "out"));
  const text = await readFile(example(`flows/${name}`), "utf8");
  const { code, result, stderr } = await flowJson(
    "run",
    example(`flows/${name}`),
    ...pictures.map(example),
    "-o",
    "out",
    ...quick(text),
  );
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(result.status).toBe("done");
  expect((await readdir(path.join(cwd, "out"))).sort()).toEqual(files);
});

test("the example hand-on.yaml hands its file to an address", async () => {
  const taken: Buffer[] = [];
  const other = createServer((request, response) => {
    void buffer(request).then((body) => {
      taken.push(body);
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  try {
    const to = `to=http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    const { result } = await flowJson(
      "run",
      example("flows/hand-on.yaml"),
      example("duck.png"),
      "--input",
      to,
      "--set",
      "mesh.model=test/fingerprint",
    );
    expect(result.outputs.find(({ name }) => name === "answered")).toMatchObject({ number: 202 });
    expect(taken[0]!.equals(await readFile(path.join(cwd, result.files[0]!)))).toBe(true);
  } finally {
    other.close();
  }
});
