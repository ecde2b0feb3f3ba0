import { Health, Model, ModelStatus, ParamSpec } from "@modly-runs/contract/companion";
import { expect, test } from "vitest";

import { appForAll, openApp } from "../support/app.ts";
import { source, writeMesh } from "../support/generators.ts";
import { expectProblem } from "../support/raw.ts";

const shared = appForAll();

test("/health says what the server speaks", async () => {
  const app = shared();
  const { body, text } = await app.api().get("/health").expect(200);
  expect(Health.parse(body)).toMatchObject({ status: "ok", workflow_runs: "1.0" });
  expect(text).not.toContain(app.dataDir);
});

test("/model/all is an array of models, each of which a create can name", async () => {
  const app = shared();
  const { body } = await app.api().get("/model/all").expect(200);
  const models = Model.array().parse(body);
  expect(models.map(({ id }) => id)).toEqual([
    "test/steps",
    "test/fail",
    "test/fingerprint",
    "test/sphere",
  ]);
  for (const { id } of models)
    expect((await app.ended(await app.create({ model_id: id, params: "{}" }))).model_id).toBe(id);
});

test("/model/status names the default model, and the first where that is missing", async () => {
  const named = await openApp({ defaultModel: "test/fingerprint" });
  const { body } = await named.api().get("/model/status").expect(200);
  expect(ModelStatus.parse(body)).toMatchObject({ id: "test/fingerprint", loaded: true });
  const active = await named.api().get("/model/all");
  expect(
    Model.array()
      .parse(active.body)
      .filter((each) => each.active),
  ).toHaveLength(1);
  const missing = await openApp({ defaultModel: "no/such" });
  const first = await missing.api().get("/model/status").expect(200);
  expect(ModelStatus.parse(first.body).id).toBe("test/steps");
});

test("/model/params lists a model's params as it declares them", async () => {
  const params = [{ id: "grid", label: "Grid", type: "int", default: 8, tooltip: "How fine" }];
  const app = await openApp({ sources: [source("open", writeMesh, { params })] });
  const { body } = await app.api().get("/model/params").query({ model_id: "fake/open" });
  expect(ParamSpec.array().parse(body)).toEqual(params);
});

test("/model/params wants a model that is there", async () => {
  const app = shared();
  const unknown = await app.api().get("/model/params").query({ model_id: "no/such" });
  expect(expectProblem(unknown)).toMatchObject({ status: 404, code: "model_not_found" });
  for (const query of ["", "?model_id=a&model_id=b", "?model_id[]=a"]) {
    const refused = await app.api().get(`/model/params${query}`);
    expect([400, 404], query).toContain(refused.status);
    expectProblem(refused);
  }
});

test("HEAD works wherever GET does", async () => {
  const app = shared();
  for (const path of [
    "/health",
    "/model/all",
    "/model/status",
    "/model/params?model_id=test/steps",
  ]) {
    const [head, got] = [await app.api().head(path), await app.api().get(path)];
    expect(head.status, path).toBe(200);
    expect(head.headers["content-length"]).toBe(got.headers["content-length"]);
  }
});
