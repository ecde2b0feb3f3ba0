import express from "express";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

import { sent } from "./sent.ts";

const failure = (status?: number) => Object.assign(new Error("no such luck"), { status });

const app = express();
app.get("/:what", (req, res, next) => {
  const { what } = req.params;
  res.set({ "Content-Disposition": "inline", ETag: '"a"', "Last-Modified": "Thu, 01 Jan 1970" });
  if (what === "late") res.end("the file");
  const done = sent(res, next);
  if (what === "fine") done();
  else done(failure(Number(what) || undefined));
  if (what === "fine") res.end("the file");
});
const passedOn: express.ErrorRequestHandler = (error: Error, _req, res, _next) => {
  res.status(500).end(`passed on: ${error.message}`);
};
app.use(passedOn);
const server = app.listen(0, "127.0.0.1");

beforeAll(() => (server.listening ? undefined : once(server, "listening")));
afterAll(() => server.close());

async function ask(what: string) {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/${what}`);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

test.each([
  ["404", 404, "file_not_found", "There is no such file in the workspace."],
  ["412", 412, "precondition_failed", "The file is not the one that If-Match names."],
  ["416", 416, "range_not_satisfiable", "The file is shorter than that range."],
])("a file that can't be sent for a %s is refused", async (what, status, code, detail) => {
  const { text, headers, ...answer } = await ask(what);
  expect({ ...answer, ...(JSON.parse(text) as object) }).toMatchObject({ status, code, detail });
  // They were said of the file.
  for (const name of ["content-disposition", "last-modified"])
    expect(headers.has(name)).toBe(false);
  expect(headers.get("etag")).not.toBe('"a"');
});

test.each(["500", "403", "nothing"])("any other failure (%s) is passed on", async (what) => {
  expect(await ask(what)).toMatchObject({ status: 500, text: "passed on: no such luck" });
});

test.each(["fine", "late"])("what was sent stays as it was (%s)", async (what) => {
  const { status, text, headers } = await ask(what);
  expect([status, text]).toEqual([200, "the file"]);
  expect(headers.get("etag")).toBe('"a"');
});
