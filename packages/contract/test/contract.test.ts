import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { GENERATED } from "../scripts/generated-files.ts";
import {
  Collection,
  CreateFields,
  problem,
  Problem,
  PROBLEMS,
  workflowRunsContract,
} from "../src/index.ts";

describe("the three endpoints", () => {
  it("are frozen", () => {
    const frozen = Object.entries(workflowRunsContract).map(([name, route]) => [
      name,
      route.method,
      route.path,
      Object.entries(CreateFields.shape)
        .filter(([, type]) => name === "create" && !type.isOptional())
        .map(([field]) => field)
        .join(),
    ]);
    expect(frozen).toEqual([
      ["create", "POST", "/workflow-runs/from-image", "model_id"],
      ["get", "GET", "/workflow-runs/:run_id", ""],
      ["cancel", "POST", "/workflow-runs/:run_id/cancel", ""],
    ]);
  });

  it("answer with nothing but these statuses", () => {
    const statuses = new Set(
      Object.values(workflowRunsContract).flatMap((route) => Object.keys(route.responses)),
    );
    expect([...statuses].map(Number).toSorted((a, b) => a - b)).toEqual([
      200, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 503, 507,
    ]);
  });
});

describe("a create's fields", () => {
  it("trim the model and fill in the rest", () => {
    expect(CreateFields.parse({ model_id: " builtin/auto " })).toEqual({
      model_id: "builtin/auto",
      params: "{}",
      collection: "Default",
    });
  });
  it.each(["Default", "a", "0.1-x_y", "A".repeat(64), "console", "com"])(
    "take the collection %s",
    (name) => {
      expect(Collection.safeParse(name).success).toBe(true);
    },
  );
  it.each([
    "",
    ".",
    "..",
    "a/b",
    "a\\b",
    ".hidden",
    "a.",
    "CON",
    "nul.txt",
    "COM1",
    "lpt9.x",
    "a b",
    "é",
    "A".repeat(65),
  ])("refuse the collection %j", (name) => expect(Collection.safeParse(name).success).toBe(false));
});

describe("problems", () => {
  it("have one shape", () => {
    for (const code of Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[]) {
      const body = problem(code, "A sentence.", [{ field: "params.grid", message: "too large" }]);
      expect(Problem.parse(body)).toEqual(body);
      expect(body.status).toBe(PROBLEMS[code].status);
    }
  });
});

describe("what is generated", () => {
  it.each(
    GENERATED.map(([url, render]) => ({
      file: url.pathname.split("/").slice(-2).join("/"),
      url,
      render,
    })),
  )("$file is current (else: pnpm generate)", ({ url, render }) =>
    expect(readFileSync(url, "utf8")).toBe(render()),
  );

  it("is a whole OpenAPI document: every reference leads somewhere", () => {
    const text = readFileSync(new URL("../openapi.json", import.meta.url), "utf8");
    const document = JSON.parse(text) as { components: { schemas: Record<string, unknown> } };
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]!);
    expect(new Set(names).size).toBeGreaterThan(4);
    for (const name of names) expect(document.components.schemas).toHaveProperty(name);
  });

  it("has no errors for redocly's recommended rules", async () => {
    const { createConfig, lintFromString } = await import("@redocly/openapi-core");
    const source = readFileSync(new URL("../openapi.json", import.meta.url), "utf8");
    const config = await createConfig({ extends: ["recommended"] });
    const found = await lintFromString({ source, config });
    expect(found.filter(({ severity }) => severity === "error")).toEqual([]);
    const broken = await lintFromString({ source: source.replaceAll('"get"', '"got"'), config });
    expect(broken.filter(({ severity }) => severity === "error")).not.toEqual([]);
  });

  it("names the refusals of each route, not those of all", () => {
    const { paths } = JSON.parse(
      readFileSync(new URL("../openapi.json", import.meta.url), "utf8"),
    ) as { paths: Record<string, Record<string, { responses: Record<string, Answer> }>> };
    type Answer = { description: string };
    const statuses = (path: string, method: string) =>
      Object.keys(paths[path]![method]!.responses).map(Number);
    expect(statuses("/model/all", "get")).toEqual([200, 400, 401, 403, 408, 431, 500]);
    expect(statuses("/workflow-runs/{run_id}", "get")).not.toContain(413);
    expect(statuses("/workflow-runs/from-image", "post")).not.toContain(404);
    expect(paths["/export/{format}"]!["get"]!.responses["404"]!.description).toBe(
      "No such file (`file_not_found`)",
    );
  });
});
