import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { StrictRun } from "@modly-runs/contract";
import { pino } from "pino";
import request from "supertest";
import { afterAll, beforeAll, expect, onTestFinished, vi } from "vitest";

import { type Config, type Limits, readConfig } from "../../src/config.ts";
import type { GeneratorSource } from "../../src/generators/generator.ts";
import { createTestSource } from "../../src/generators/test-models/index.ts";
import { startServer } from "../../src/server.ts";
import { picture } from "./pictures.ts";

type Settings = Partial<Omit<Config, "limits">> & { readonly limits?: Partial<Limits> };

export interface AppOptions extends Settings {
  /** Beside `test/steps`, `test/fail`, `test/fingerprint` and `test/sphere`, which are always there. */
  readonly sources?: readonly GeneratorSource[];
}

/** What a create sends; `file: null` sends none. */
export interface CreateParts {
  readonly file?: Buffer | null;
  readonly filename?: string;
  readonly contentType?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A whole server of ours in this process, on a port and in a directory of its own. */
export interface App {
  readonly url: string;
  readonly dataDir: string;
  readonly workspaceDir: string;
  api(): ReturnType<typeof request>;
  /** Sends a create of `test/steps` with a small picture, unless told otherwise. */
  post(parts?: CreateParts): request.Test;
  /** A create that must be accepted; gives the run's id. */
  create(fields?: Readonly<Record<string, string>>): Promise<string>;
  /** Reads a run, and holds it against the strict table. */
  read(runId: string): Promise<StrictRun>;
  /** Waits until the run has ended. */
  ended(runId: string): Promise<StrictRun>;
  /** Waits until the run is in one of these statuses. */
  until(runId: string, ...statuses: StrictRun["status"][]): Promise<StrictRun>;
  cancel(runId: string): Promise<{ run_id: string; status: string; cancelled: boolean }>;
  /** Names of everything below uploads, tmp and the workspace. */
  leftOnDisk(): Promise<{ uploads: string[]; tmp: string[]; meshes: string[] }>;
  stop(): Promise<void>;
}

async function names(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found.filter((each) => !each.isDirectory()).map(({ name }) => name);
}

/** Takes what is to be done when nobody needs it any more. */
type After = (undo: () => Promise<void>) => void;

async function directoryUntil(after: After): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "modly-runs-test-"));
  after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory that goes when the test is over. */
export const scratch = (): Promise<string> => directoryUntil(onTestFinished);

function configOf(dataDir: string, { limits, ...settings }: Settings): Config {
  const read = readConfig(["--port=0", `--data-dir=${dataDir}`], {});
  if (read.kind !== "config") throw new Error(`no settings: ${read.kind}`);
  const { config } = read;
  return { ...config, stopGraceMs: 500, ...settings, limits: { ...config.limits, ...limits } };
}

/** Opens a server with real parts. It is stopped, and its directory removed, when the test is over. */
export const openApp = (options: AppOptions = {}): Promise<App> =>
  openUntil(onTestFinished, options);

/**
 * The same for all tests of a file or of a `describe`, opened once. For what leaves no mark on a
 * server, or a mark that the next test does not mind.
 */
export function appForAll(options: AppOptions = {}): () => App {
  const undos: (() => Promise<void>)[] = [];
  let app: App | undefined;
  beforeAll(async () => {
    app = await openUntil((undo) => undos.unshift(undo), options);
  });
  afterAll(async () => {
    for (const undo of undos) await undo();
  });
  return () => app!;
}

async function openUntil(after: After, options: AppOptions): Promise<App> {
  const { sources = [], ...settings } = options;
  const dataDir = settings.dataDir ?? (await directoryUntil(after));
  const config = configOf(dataDir, settings);
  const log = pino({ level: "silent" });
  const all = [createTestSource({ places: 2 }), ...sources];
  const server = await startServer(config, log, all);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= server.stop());
  after(stop);

  const { url } = server;
  const { workspaceDir, token } = config;
  const trusted: Record<string, string> = token === null ? {} : { "X-Modly-Token": token };
  const api = () => request(url);

  async function read(runId: string): Promise<StrictRun> {
    const { body } = await api().get(`/workflow-runs/${runId}`).set(trusted).expect(200);
    return StrictRun.parse(body);
  }
  function post(parts: CreateParts = {}): request.Test {
    const { filename = "picture.png", contentType = "image/png" } = parts;
    const fields = { model_id: "test/steps", params: '{"steps":1,"step_ms":0}', ...parts.fields };
    const file = parts.file === undefined ? picture() : parts.file;
    const sent = api()
      .post("/workflow-runs/from-image")
      .set({ ...trusted, ...parts.headers });
    if (file !== null) void sent.attach("image", file, { filename, contentType });
    for (const [name, value] of Object.entries(fields)) void sent.field(name, value);
    return sent;
  }
  async function until(runId: string, ...statuses: StrictRun["status"][]): Promise<StrictRun> {
    return vi.waitFor(
      async () => {
        const run = await read(runId);
        expect(statuses).toContain(run.status);
        return run;
      },
      { timeout: 100_000, interval: 10 },
    );
  }

  return {
    url,
    dataDir,
    workspaceDir,
    api,
    post,
    async create(fields = {}) {
      const { body } = await post({ fields }).expect(200);
      return (body as { run_id: string }).run_id;
    },
    read,
    until,
    ended: (runId) => until(runId, "done", "error", "cancelled"),
    async cancel(runId) {
      const { body } = await api().post(`/workflow-runs/${runId}/cancel`).set(trusted).expect(200);
      return body as { run_id: string; status: string; cancelled: boolean };
    },
    async leftOnDisk() {
      const [uploads, tmp, meshes] = await Promise.all([
        names(path.join(dataDir, "uploads")),
        names(path.join(dataDir, "tmp")),
        names(workspaceDir),
      ]);
      return { uploads, tmp, meshes };
    },
    stop,
  };
}
