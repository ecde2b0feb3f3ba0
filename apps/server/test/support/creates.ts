import { StrictRun } from "@modly-runs/contract";
import { expect } from "vitest";

import { picture } from "./pictures.ts";

export interface CreateTo {
  readonly file?: Buffer;
  readonly fields?: Readonly<Record<string, string>>;
  readonly token?: string;
}

const headersOf = (token?: string) =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** Sends a create to a server in another process. */
export async function createTo(
  url: string,
  { file = picture(), fields = {}, token }: CreateTo = {},
): Promise<{ status: number; runId: string }> {
  const form = new FormData();
  form.set("image", new Blob([new Uint8Array(file)], { type: "image/png" }), "picture.png");
  for (const [name, value] of Object.entries({ model_id: "test/steps", ...fields }))
    form.set(name, value);
  const headers = headersOf(token);
  const answer = await fetch(`${url}/workflow-runs/from-image`, {
    method: "POST",
    body: form,
    headers,
  });
  const { run_id: runId = "" } = (await answer.json()) as { run_id?: string };
  return { status: answer.status, runId };
}

/** Waits until a run of a server in another process has ended. */
export async function untilEnded(url: string, runId: string, token?: string): Promise<StrictRun> {
  const read = async () => {
    const answer = await fetch(`${url}/workflow-runs/${runId}`, { headers: headersOf(token) });
    return StrictRun.parse(await answer.json());
  };
  await expect
    .poll(async () => (await read()).status, { timeout: 50_000, interval: 50 })
    .toMatch(/^(?:done|error|cancelled)$/);
  return read();
}
