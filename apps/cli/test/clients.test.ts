// One set of tests for two clients and two servers: the least a server can be, and ours.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { createClient, type Outcome } from "@modly-runs/contract/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startBareServer } from "./bare-server.ts";
import { cli, root, scratch, startOurServer } from "./processes.ts";

const duck = path.join(root, "examples", "duck.png");
const endless = { steps: 1000, step_ms: 100 };

/** What both clients can be asked. A failure is a word that both use. */
interface Driver {
  /** Runs a model to its end, as far as `signal` lets it. */
  run(model: string, params: object, file: string): Promise<string>;
  /** Starts a run that lasts, hands its id over, and tells how it ended. */
  start(params: object, file: string): Promise<{ id: string; ended: Promise<string> }>;
  status(id: string): Promise<string>;
  cancel(id: string): Promise<string>;
}

function typedClient(baseUrl: string): Driver {
  const client = createClient({ baseUrl });
  const word = <T>(outcome: Outcome<T>, of: (value: T) => string | undefined) =>
    outcome.ok ? (of(outcome.value) ?? "") : outcome.failure.code;
  const begin = (modelId: string, params: object) =>
    client.create({ image: duck, modelId, params: { ...params } });
  async function follow(id: string, file: string): Promise<string> {
    let last = "nothing seen";
    for await (const seen of client.watch(id)) {
      last = word(seen, (run) => run.status);
      if (seen.ok && seen.value.status === "done") await client.download(seen.value, file);
    }
    return last;
  }
  return {
    async run(model, params, file) {
      const created = await begin(model, params);
      return created.ok ? follow(created.value.run_id, file) : created.failure.code;
    },
    async start(params, file) {
      const created = await begin("test/steps", params);
      if (!created.ok) throw new Error(created.failure.message);
      return { id: created.value.run_id, ended: follow(created.value.run_id, file) };
    },
    status: async (id) => word(await client.get(id), (run) => run.status),
    cancel: async (id) => word(await client.cancel(id), (answer) => answer.status),
  };
}

const WORDS: Record<number, string> = { 0: "done", 5: "error", 6: "cancelled", 3: "unreachable" };

function commandLine(url: string): Driver {
  const at = ["--api-url", url];
  const wordOf = async (args: readonly string[]) => {
    const { code, stderr, stdout } = await cli([...at, ...args]).ended;
    if (code === 4) return /no run|not found/i.test(stderr) ? "not_found" : "refused";
    return code === 0 ? stdout.trim().split(" ")[0]! : `${code} ${stderr}`;
  };
  const args = (model: string, params: object, file: string) =>
    [...at, "run", duck, "--model", model, "--params", JSON.stringify(params), "-o", file] as const;
  const end = (code: number | null) => WORDS[code ?? -1] ?? (code === 4 ? "refused" : String(code));
  return {
    run: async (...all) => end((await cli(args(...all)).ended).code),
    async start(params, file) {
      const child = cli(args("test/steps", params, file));
      const id = /Run (\S+)/.exec(await child.said(/Run (\S+) with/))![1]!;
      return { id, ended: child.ended.then(({ code }) => end(code)) };
    },
    status: (id) => wordOf(["status", id]),
    cancel: (id) => wordOf(["cancel", id]),
  };
}

const SERVERS = {
  "a bare server": startBareServer,
  "our server": async () => {
    const { dir, remove } = await scratch();
    const server = await startOurServer(dir);
    return { url: server.url, stop: () => server.stop().then(remove) };
  },
};

describe.each(Object.entries(SERVERS))("with %s", (_name, startServer) => {
  let server: { url: string; stop: () => Promise<void> };
  let files: Awaited<ReturnType<typeof scratch>>;
  beforeAll(async () => {
    [server, files] = await Promise.all([startServer(), scratch()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), files.remove()]);
  });

  describe.each([
    ["the typed client", typedClient],
    ["the command line", commandLine],
  ])("%s", (name, driverOf) => {
    const file = (ending: string) => path.join(files.dir, `${name} ${ending}.glb`);

    test("brings the mesh of a run", async () => {
      expect(
        await driverOf(server.url).run("test/steps", { steps: 3, step_ms: 30 }, file("done")),
      ).toBe("done");
      expect((await readFile(file("done"))).toString("latin1", 0, 4)).toBe("glTF");
    });

    test("tells of a run that failed", async () => {
      expect(await driverOf(server.url).run("test/fail", {}, file("failed"))).toBe("error");
      expect(existsSync(file("failed"))).toBe(false);
    });

    test("tells of a refusal", async () => {
      expect(await driverOf(server.url).run("no/model", {}, file("refused"))).toBe("refused");
    });

    test("reads and cancels a run that another one follows", async () => {
      const driver = driverOf(server.url);
      const { id, ended } = await driver.start(endless, file("cancelled"));
      expect(["pending", "running"]).toContain(await driver.status(id));
      expect(await driver.cancel(id)).toBe("cancelled");
      expect(await ended).toBe("cancelled");
      expect(await driver.cancel(id)).toBe("cancelled");
      expect(existsSync(file("cancelled"))).toBe(false);
    });

    test("tells of a run that nobody knows", async () => {
      expect(await driverOf(server.url).status("00000000-0000-4000-8000-000000000000")).toBe(
        "not_found",
      );
    });
  });
});
