import { afterAll, beforeAll, expect, test } from "vitest";

import { BAD } from "./bad-definitions.ts";
import { api, startService, type Started, temporary } from "./support.ts";

let place: Awaited<ReturnType<typeof temporary>>;
let service: Started;
let client: ReturnType<typeof api>;

beforeAll(async () => {
  place = await temporary();
  service = await startService(place.dir, [
    ...["--server", "main=http://127.0.0.1:1", "--server", "other=http://127.0.0.1:1"],
  ]);
  client = api(service.url);
});
afterAll(async () => {
  await service.stop();
  await place.remove();
});

test("there are enough of them, and no two alike", () => {
  expect(BAD.length).toBeGreaterThanOrEqual(60);
  expect(new Set(BAD.map(({ name }) => name)).size).toBe(BAD.length);
});

test.for(BAD)("$name: refused, and the place is named", async ({ body, refusals }) => {
  const problem = await client.refusal("POST", "/", body);
  expect(problem.status).toBe(400);
  expect(problem.errors).toHaveLength(refusals.length);
  for (const [field, sentence] of refusals)
    expect(problem.errors).toContainEqual({ field, message: expect.stringMatching(sentence) });
  expect(problem.detail).toContain(problem.errors![0]!.message);
});

test("nothing of what was refused stays behind", async () => {
  const { body } = await client.call("GET", "/?include_deleted=true");
  expect(body).toMatchObject({ workflows: [], total: 0 });
});

test("a body that is no JSON, too large, or of another kind is refused", async () => {
  const send = (body: string, type = "application/json") =>
    fetch(`${service.url}/api/v1/workflows/`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
  expect(await (await send("{")).json()).toMatchObject({ status: 400, code: "malformed_request" });
  expect(await (await send("a: 1", "text/yaml")).json()).toMatchObject({ status: 415 });
  const large = await send(`{"name":"${"x".repeat(65 * 1024 * 1024)}"}`).catch(() => undefined);
  // Who is cut off in the middle of sending may not get to read why.
  if (large) expect(await large.json()).toMatchObject({ status: 413, code: "request_too_large" });
});
