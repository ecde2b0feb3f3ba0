import { Job } from "@modly-runs/contract/companion";
import { expect, test } from "vitest";

import { appForAll, openApp } from "../support/app.ts";
import { picture } from "../support/pictures.ts";
import { createHeld } from "../support/generators.ts";

const shared = appForAll();

type App = Awaited<ReturnType<typeof openApp>>;

async function createJob(app: App, fields: Record<string, string> = {}): Promise<string> {
  const sent = app.api().post("/generate/from-image").attach("image", picture(), "picture.png");
  const all = { model_id: "test/steps", params: '{"steps":1,"step_ms":0}', ...fields };
  for (const [name, value] of Object.entries(all)) void sent.field(name, value);
  const { body } = await sent.expect(200);
  expect(Object.keys(body as object)).toEqual(["job_id"]);
  return (body as { job_id: string }).job_id;
}

async function readJob(app: App, id: string): Promise<Job> {
  const { body } = await app.api().get(`/generate/status/${id}`).expect(200);
  return Job.strict().parse(body);
}

test("a job is a run under another name, to its end", async () => {
  const app = shared();
  const id = await createJob(app);
  const run = await app.ended(id);
  const { status, progress, step, output_url, error } = run;
  expect(await readJob(app, id)).toEqual({ job_id: id, status, progress, step, output_url, error });
  expect(status).toBe("done");
  await app.api().get(String(output_url)).expect(200);
});

test("what Modly reads from fields of the form reaches the model among its params", async () => {
  const held = createHeld();
  const app = await openApp({ sources: [held.source] });
  const id = await createJob(app, {
    model_id: "fake/held",
    remesh: "triangle",
    enable_texture: "true",
    texture_resolution: "2048",
    params: '{"remesh":"none","steps":7}',
    collection: "not: a name",
  });
  await app.until(id, "running");
  const input = () => held.runs.get(id)?.input;
  await expect.poll(input).toBeDefined();
  expect(input()).toMatchObject({
    collection: "Default",
    params: { remesh: "none", enable_texture: true, texture_resolution: 2048, steps: 7 },
  });
  held.runs.get(id)?.finish();
  expect((await app.ended(id)).output_url).toMatch(/^\/workspace\/Default\//);
});

test("a job can be cancelled, once it has ended nothing of it changes", async () => {
  const app = shared();
  const id = await createJob(app, { params: '{"steps":1000,"step_ms":50}' });
  await app.until(id, "running");
  const cancel = () => app.api().post(`/generate/cancel/${id}`);
  expect((await cancel().expect(200)).body).toEqual({ cancelled: true });
  expect((await readJob(app, id)).status).toBe("cancelled");
  const other = await createJob(app);
  await app.ended(other);
  const late = await app.api().post(`/generate/cancel/${other}`).expect(200);
  expect(late.body).toEqual({ cancelled: false });
  expect((await readJob(app, other)).status).toBe("done");
});

test("without a model the active one is taken; what can't be run is refused in a sentence", async () => {
  const app = await openApp({ defaultModel: "test/fingerprint" });
  const sent = app.api().post("/generate/from-image").attach("image", picture(), "picture.png");
  const { body } = await sent.expect(200);
  const run = await app.ended((body as { job_id: string }).job_id);
  expect(run).toMatchObject({ model_id: "test/fingerprint", status: "done" });

  const refused = await app
    .api()
    .post("/generate/from-image")
    .attach("image", picture(), "picture.png")
    .field("model_id", "no/such")
    .expect(400);
  expect((refused.body as { detail: string }).detail).toMatch(/^Unknown model ID/);
  const noJob = "/generate/status/00000000-0000-4000-8000-000000000000";
  expect((await app.api().get(noJob).expect(404)).body).toMatchObject({ code: "run_not_found" });
  await app.api().delete(noJob).expect(405);
});
