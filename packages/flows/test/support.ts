import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";

import { createClient } from "@modly-runs/contract/client";
import sharp from "sharp";

import { type FileValue, planOf, readFlow, type Value } from "../src/index.ts";
import { holderHere, openLibsqlStore, openObjects } from "../src/local/index.ts";
import { anywhere } from "../src/outbound/index.ts";
import { createFlowRun } from "../src/ports/index.ts";
import { type RunFlow, runFlow, type Seen } from "../src/runner/index.ts";

/** A place for flow runs that is gone after the test. */
export async function workshop(servers: Readonly<Record<string, string>> = {}) {
  const dir = await mkdtemp(path.join(tmpdir(), "modly-runs-flows-"));
  const store = openLibsqlStore(path.join(dir, "flows.db"));
  const objects = openObjects(path.join(dir, "objects"));
  const deps: RunFlow = {
    store,
    memory: store,
    objects,
    holder: holderHere(),
    pause: 10,
    world: {
      patience: 5000,
      reach: anywhere,
      env: (name) => (name === "SECRET" ? "s3cret" : undefined),
      async server(name = "main") {
        const baseUrl = servers[name];
        return baseUrl === undefined ? `There is no server ${name}.` : createClient({ baseUrl });
      },
    },
  };
  const keep = async (
    bytes: Uint8Array,
    name: string,
    type: FileValue["type"] = "image",
  ): Promise<FileValue> => ({
    type,
    name,
    format: type === "mesh" ? "glb" : "png",
    sha256: await objects.put(bytes),
    bytes: bytes.length,
  });

  /** Makes a flow run of a definition and what it is given. */
  async function create(text: string, given: Readonly<Record<string, readonly Value[]>> = {}) {
    const read = readFlow(text);
    if (!read.ok) throw new Error(JSON.stringify(read.findings));
    const plan = planOf(read.value.definition, given);
    if (!plan.ok) throw new Error(JSON.stringify(plan.faults));
    return createFlowRun({ store, definition: text, plan: plan.value, now: Date.now() });
  }

  return {
    dir,
    store,
    objects,
    deps,
    keep,
    create,
    /** Makes a flow run and runs it to its end; tells what came of it. */
    async run(
      text: string,
      given: Readonly<Record<string, readonly Value[]>> = {},
      more: Partial<RunFlow> = {},
    ) {
      const { id } = await create(text, given);
      const seen: Seen[] = [];
      const outcome = await runFlow(id, { ...deps, onSeen: (one) => void seen.push(one), ...more });
      if (!outcome.ok) throw new Error(outcome.why);
      const rows = Object.fromEntries(outcome.rows);
      return { id, status: outcome.status, rows, seen };
    },
    async bytes(value: Value | undefined): Promise<Uint8Array> {
      const bytes = value && "sha256" in value ? await objects.read(value.sha256) : undefined;
      if (!bytes) throw new Error("It is not there");
      return bytes;
    },
    async files(): Promise<string[]> {
      return (await readdir(path.join(dir, "objects"), { recursive: true })).filter(
        (name) => name.length > 60,
      );
    },
    async remove() {
      store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A disc on a plain ground, as bytes of a PNG. */
export const disc = (colour = "red", ground = "white", side = 200): Promise<Buffer> =>
  sharp(
    Buffer.from(
      `<svg width="${side}" height="${side}" xmlns="http://www.w3.org/2000/svg"><rect width="100%" height="100%" fill="${ground}"/><circle cx="50%" cy="50%" r="30%" fill="${colour}"/></svg>`,
    ),
  )
    .png()
    .toBuffer();

/** What a listener was sent. */
export interface Heard {
  method: string | undefined;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** Somebody who takes what is sent, and answers as told. */
export async function listener(
  answer: (heard: Heard, nth: number, response: ServerResponse) => void,
) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const one = { method: request.method, headers: request.headers, body: await buffer(request) };
    heard.push(one);
    answer(one, heard.length, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    heard,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
