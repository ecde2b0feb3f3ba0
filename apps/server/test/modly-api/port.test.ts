import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import net from "node:net";

import { afterEach, describe, expect, test, vi } from "vitest";

import type { GenerateResult, GeneratorSource } from "../../src/generators/generator.ts";
import type { Times } from "../../src/generators/modly-api/index.ts";
import { type Bench, createBench, type Ran } from "./drive.ts";
import { pictureOf } from "../storms/pictures.ts";
import { formOf } from "../storms/wishes.ts";

const until = (condition: () => boolean | Promise<boolean>) =>
  vi.waitUntil(condition, { timeout: 30_000, interval: 10 });

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

function errorOf(result: GenerateResult): string {
  if (result.ok) throw new Error("the run should have failed");
  return result.error;
}

/** A bench of its own, and one run on it. */
async function runOn(
  model: string,
  { params, ...settings }: { params?: Record<string, unknown>; times?: Partial<Times> } = {},
) {
  const source = await start(settings);
  return { ...(await bench.run(source, model, { ...(params && { params }) })), source };
}

/** A job that a person started in the desktop. */
async function submitByHand(params: Record<string, unknown>): Promise<string> {
  const body = formOf({ mark: "person", model: "stand-in/long", params });
  const answer = await fetch(`${bench.standIn.url}/generate/from-image`, { method: "POST", body });
  return ((await answer.json()) as { job_id: string }).job_id;
}

const jobIn = (handle: string | undefined) => (JSON.parse(handle ?? "{}") as { job?: string }).job;

/** The upstream job of a run, once it has one and is seen running there. */
async function runningJob(ran: Ran): Promise<string> {
  await until(async () => {
    const id = jobIn(ran.remembered.at(-1));
    const jobs = id === undefined ? [] : await bench.standIn.jobs();
    return jobs.some((job) => job.job_id === id && job.status === "running");
  });
  return jobIn(ran.remembered.at(-1)) as string;
}

const LONG = { steps: 40, step_ms: 25 };
const ENDLESS = { steps: 10_000, step_ms: 100 };

let bench: Bench;
async function start(settings?: Parameters<typeof createBench>[0]): Promise<GeneratorSource> {
  bench = await createBench(settings);
  return bench.createSource();
}
afterEach(async () => bench.close());

describe("a run in front of a Modly with all its bugs", () => {
  test("ends with the mesh of its own picture, under Modly's own path", async () => {
    const source = await start();
    const { result, progress, remembered } = await bench.run(source, "stand-in/fingerprint", {
      mark: "mine",
    });
    const ended = await result;
    if (!ended.ok) throw new Error(ended.error);
    const fingerprint = sha256(pictureOf("mine"));
    expect(ended.workspacePath).toMatch(new RegExp(`^Default/${fingerprint}_\\w+\\.glb$`));
    const mesh = await readFile(ended.file);
    expect(mesh.toString("latin1")).toContain(fingerprint);
    expect(mesh).toEqual(await readFile(`${bench.standIn.workspace}/${ended.workspacePath}`));
    expect(progress.length).toBeGreaterThan(1);
    expect(remembered.map((handle) => Object.keys(JSON.parse(handle) as object)[0])).toEqual([
      "sending",
      "job",
    ]);
  });

  test("fails with one readable sentence, and the traceback is in the log", async () => {
    const { result } = await runOn("stand-in/fail");
    expect(errorOf(await result)).toBe("Modly's job failed: RuntimeError: the mesh is empty");
    expect(JSON.stringify(bench.logged)).toContain("Traceback");
  });

  test("ends in an error when the job is done and its file never comes", async () => {
    const { result } = await runOn("stand-in/no-file", { times: { file: 300 } });
    expect(errorOf(await result)).toMatch(/could not be fetched: Not Found/);
  });

  test("is told Modly's own reason when the job is refused", async () => {
    const source = await start();
    await bench.standIn.kill();
    const { result } = await bench.run(bench.createSource(), "nobody/knows");
    await bench.standIn.start();
    expect(errorOf(await result)).toMatch(
      /^Modly refused the job: Unknown model ID: 'nobody.knows'/,
    );
    expect(await source.find("nobody/knows")).toBeUndefined();
    expect(bench.standIn.submissions()).toEqual([]);
  });
});

describe("a cancel", () => {
  test("stops the job in Modly before the run's place is free", async () => {
    const ran = await runOn("stand-in/long", { params: ENDLESS });
    const id = await runningJob(ran);
    ran.abort("cancel");
    expect((await ran.result).ok).toBe(false);
    expect((await bench.standIn.jobs()).find(({ job_id }) => job_id === id)).toMatchObject({
      status: "cancelled",
      working: false,
    });
  });

  test("that left the model unready has the next job sent once more, and its step says so", async () => {
    const source = await start({ bugs: ["cancelPoisons", "tracebacks"] });
    const first = await bench.run(source, "stand-in/long", { params: ENDLESS });
    await runningJob(first);
    first.abort("cancel");
    await first.result;
    const next = await bench.run(source, "stand-in/long", { params: { steps: 2, step_ms: 10 } });
    expect(await next.result).toMatchObject({ ok: true });
    expect(next.progress.map(([, step]) => step)).toContainEqual(
      expect.stringMatching(/^Sent to Modly once more/),
    );
    // The cancelled one, five that were never begun, and the one that was.
    expect(bench.standIn.submissions()).toHaveLength(7);
  });

  test("of a model that does not listen waits for its end", async () => {
    const source = await start({ bugs: ["ignoresCancel"], times: { still: 500 } });
    const first = await bench.run(source, "stand-in/long", { params: { steps: 30, step_ms: 50 } });
    const id = await runningJob(first);
    first.abort("cancel");
    await first.result;
    const jobs = await bench.standIn.jobs();
    expect(jobs.find(({ job_id }) => job_id === id)).toMatchObject({
      status: "cancelled",
      working: false,
    });
  });

  test("never touches the job of somebody else that ours waits for", async () => {
    const source = await start({ bugs: ["cancelKillsActive"] });
    const person = await submitByHand({ steps: 20, step_ms: 50 });
    const ran = await bench.run(source, "stand-in/fast", { params: ENDLESS });
    await until(() => jobIn(ran.remembered.at(-1)) !== undefined);
    ran.abort("cancel");
    await ran.result;
    const jobs = await bench.standIn.jobs();
    expect(jobs.find(({ job_id }) => job_id === person)?.status).toBe("done");
    expect(jobs.filter(({ working }) => working)).toEqual([]);
  });

  test("that came before Modly had the job sends nothing", async () => {
    const source = await start();
    await bench.standIn.kill();
    const ran = await bench.run(source, "stand-in/fast");
    await until(() => ran.progress.some(([, step]) => step === "Waiting for Modly"));
    ran.abort("cancel");
    expect((await ran.result).ok).toBe(false);
    expect(ran.remembered).toEqual([]);
  });
});

describe("a restart of ours", () => {
  test("takes the job up again and submits nothing twice", async () => {
    const before = await runOn("stand-in/long", { params: LONG });
    const id = await runningJob(before);
    before.abort("stop");
    await before.result;
    const after = await bench.run(bench.createSource(), "stand-in/long", {
      remembered: JSON.stringify({ job: id }),
    });
    expect((await after.result).ok).toBe(true);
    expect(bench.standIn.submissions()).toHaveLength(1);
  });

  test("in the middle of a submission ends the run, and the next one waits a while", async () => {
    const source = await start({ times: { quiet: 1_000 } });
    const sending = Date.now();
    const remembered = JSON.stringify({ sending });
    const cut = await bench.run(source, "stand-in/fast", { remembered });
    expect(errorOf(await cut.result)).toMatch(/its answer was lost.*not sent a second time/);
    const next = await bench.run(source, "stand-in/fast");
    expect((await next.result).ok).toBe(true);
    const [submission, ...others] = bench.standIn.submissions();
    expect(submission?.at).toBeGreaterThanOrEqual(sending + 1_000);
    expect(others).toEqual([]);
  });

  test("can end a job whose run was cancelled in the meantime", async () => {
    const ran = await runOn("stand-in/long", { params: ENDLESS });
    const id = await runningJob(ran);
    ran.abort("stop");
    await ran.result;
    const generator = await bench.createSource().find("stand-in/long");
    expect(await generator?.abandon?.(JSON.stringify({ job: id }))).toBe(true);
    expect((await bench.standIn.jobs()).filter(({ working }) => working)).toEqual([]);
  });
});

describe("a Modly that", () => {
  test("was restarted has forgotten the job, and the run says so", async () => {
    const ran = await runOn("stand-in/long", { params: ENDLESS });
    await runningJob(ran);
    await bench.standIn.kill();
    await until(() => ran.progress.some(([, step]) => step === "Waiting for Modly to answer"));
    await bench.standIn.start();
    expect(errorOf(await ran.result)).toMatch(/forgotten the job/);
    expect(bench.standIn.submissions()).toHaveLength(1);
  });

  test("is away is waited for", async () => {
    const source = await start();
    await bench.standIn.kill();
    const ran = await bench.run(source, "stand-in/fast");
    await until(() => ran.progress.some(([, step]) => step === "Waiting for Modly"));
    await bench.standIn.start();
    expect((await ran.result).ok).toBe(true);
  });

  test("does not come back ends the run with a sentence that says so", async () => {
    const source = await start({ times: { away: 300 } });
    await bench.standIn.kill();
    const { result } = await bench.run(source, "stand-in/fast");
    expect(errorOf(await result)).toMatch(/did not come back within/);
  });

  test("stops answering ends the run, and its job is stopped when it answers again", async () => {
    const ran = await runOn("stand-in/long", {
      params: ENDLESS,
      times: { answer: 100, away: 400 },
    });
    const id = await runningJob(ran);
    await bench.standIn.faults({ delay: 300 });
    expect(errorOf(await ran.result)).toMatch(/has not answered for/);
    await bench.standIn.faults({});
    const next = await bench.run(ran.source, "stand-in/fast");
    expect((await next.result).ok).toBe(true);
    expect((await bench.standIn.jobs()).find(({ job_id }) => job_id === id)?.status).toBe(
      "cancelled",
    );
  });

  test("loses the answer to a submission is not asked again", async () => {
    const source = await start();
    await bench.standIn.faults({ loseSubmissions: 1 });
    const { result } = await bench.run(source, "stand-in/fast");
    expect(errorOf(await result)).toMatch(/its answer was lost/);
    expect(bench.standIn.submissions()).toHaveLength(1);
  });

  test.for([{ garbage: 3 }, { cut: 3 }, { delay: 200 }, { cutFiles: 2 }] as const)(
    "answers with %o does no harm to a run",
    async (faults) => {
      const ran = await runOn("stand-in/fast", { params: LONG });
      await runningJob(ran);
      await bench.standIn.faults(faults);
      expect((await ran.result).ok).toBe(true);
      expect(bench.standIn.submissions()).toHaveLength(1);
    },
  );

  test("needs a token gets it, and one that has another is refused in words", async () => {
    const source = await start({ token: "right" });
    expect((await (await bench.run(source, "stand-in/fast")).result).ok).toBe(true);
    const stranger = bench.createSource({ token: "wrong" });
    expect(await stranger.list()).toEqual([]);
    const { result } = await bench.run(stranger, "stand-in/fast");
    expect(errorOf(await result)).toBe("Modly refused: Missing or invalid API token.");
  });
});

describe("the list of models", () => {
  const ids = async (source: GeneratorSource) =>
    (await source.list()).map(({ descriptor }) => descriptor.id);

  test("comes and goes with Modly", async () => {
    const source = await start();
    expect(await ids(source)).toContain("stand-in/fast");
    await bench.standIn.kill();
    await until(async () => (await ids(source)).length === 0);
    await bench.standIn.start();
    await until(async () => (await ids(source)).includes("stand-in/fast"));
  });

  test("tells what Modly tells of each model", async () => {
    const source = await start();
    const fast = (await source.list()).find(({ descriptor }) => descriptor.id === "stand-in/fast");
    expect(fast?.descriptor).toMatchObject({
      name: "Fast",
      version: "1.0.0",
      knowsAllParams: false,
    });
    expect(fast?.descriptor.params_schema.map(({ id }) => id)).toContain("strength");
    expect(fast?.slot).toMatchObject({ name: "modly-api", places: 1 });
  });

  test("does not wait for a server that is mute", async () => {
    await start();
    const sockets = new Set<net.Socket>();
    const mute = net.createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
    await until(() => mute.listening);
    const { port } = mute.address() as net.AddressInfo;
    const source = bench.createSource({
      url: `http://127.0.0.1:${port}`,
      times: { firstListing: 100 },
    });
    const began = performance.now();
    expect(await source.list()).toEqual([]);
    expect(performance.now() - began).toBeLessThan(5_000);
    await source.close();
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});
