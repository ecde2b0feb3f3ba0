import { expect, test } from "vitest";

import { AnyProblem, Problem, problem, PROBLEM_CODES, PROBLEMS } from "./problems.ts";

/** Every refusal, once more: a status or a code that changes breaks programs that match them. */
const FROZEN = `
400 malformed_request, missing_field, invalid_field, unexpected_file, not_an_image, unreadable_image,
    unknown_model, invalid_params, invalid_run_id, invalid_path, unknown_format
401 unauthorized
403 forbidden_host, forbidden_origin
404 run_not_found, file_not_found, model_not_found, route_not_found
405 method_not_allowed
408 request_timeout
409 create_in_progress
412 precondition_failed
413 image_too_large, params_too_large, request_too_large
415 unsupported_media_type
416 range_not_satisfiable
422 idempotency_mismatch
429 too_many_requests
431 headers_too_large
500 internal
503 queue_full, too_many_uploads, overloaded, stopping, not_ready, storage_busy, storage_lost, modly_away
507 storage_full
`;

test("the codes and their statuses are frozen", () => {
  const now = PROBLEM_CODES.map((code) => `${PROBLEMS[code].status} ${code}`);
  const then = [...FROZEN.matchAll(/^(\d+) ([^\d]+)/gm)].flatMap(([, status, codes = ""]) =>
    codes.split(",").map((code) => `${status} ${code.trim()}`),
  );
  expect(now.toSorted()).toEqual(then.toSorted());
});

test("each has a title of its own, and what may be tried again is told", () => {
  const titles = Object.values(PROBLEMS).map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
  for (const title of titles) expect(title).toMatch(/^[A-Z].+[^.]$/);
  const marked = (mark: "wait" | "beside") =>
    PROBLEM_CODES.filter(
      (code) => (PROBLEMS[code] as { [M in typeof mark]?: true })[mark] === true,
    );
  expect(marked("wait")).toEqual([
    ...["create_in_progress", "too_many_requests", "queue_full", "too_many_uploads", "overloaded"],
    ...["stopping", "not_ready", "storage_busy", "storage_lost", "modly_away", "storage_full"],
  ]);
  expect(marked("beside")).toEqual([
    ...["precondition_failed", "range_not_satisfiable", "not_ready", "modly_away"],
  ]);
});

test("a body is its row, the sentence, and the fields if there are any", () => {
  const row = { title: "No such run", status: 404, code: "run_not_found" };
  const detail = "There is no run x.";
  expect(problem("run_not_found", detail)).toStrictEqual({ ...row, detail });
  expect(problem("run_not_found", detail, [])).toStrictEqual({ ...row, detail });
  const errors = [{ field: "a", message: "too large" }];
  expect(problem("run_not_found", detail, errors)).toStrictEqual({ ...row, detail, errors });
});

const good = { detail: "A sentence.", title: "Forbidden", status: 400, code: "internal" };

test.each([
  ["as it is", good, true],
  ["with fields", { ...good, errors: [{ field: "a", message: "b" }] }, true],
  ["with the lowest status", { ...good, status: 400 }, true],
  ["with the highest status", { ...good, status: 599 }, true],
  ["without a sentence", { ...good, detail: "" }, false],
  ["of a success", { ...good, status: 399 }, false],
  ["of no status", { ...good, status: 600 }, false],
  ["of half a status", { ...good, status: 400.5 }, false],
  ["with another code", { ...good, code: "oops" }, false],
  ["without a title", { ...good, title: undefined }, false],
  ["with a field without a message", { ...good, errors: [{ field: "a" }] }, false],
  ["with a message without a field", { ...good, errors: [{ message: "b" }] }, false],
])("a body of ours %s", (_, body, expected) => {
  expect(Problem.safeParse(body).success).toBe(expected);
});

test.each([
  ["a sentence", { detail: "No." }, true],
  ["a list of findings", { detail: [{ loc: ["body"] }] }, true],
  ["nothing", {}, false],
  ["a number", { detail: 3 }, false],
])("a body of any server with %s", (_, body, expected) => {
  expect(AnyProblem.safeParse(body).success).toBe(expected);
});

test("unknown keys stay", () => {
  expect(Problem.parse({ ...good, later: 1 })).toEqual({ ...good, later: 1 });
  expect(AnyProblem.parse({ detail: "No.", later: 1 })).toEqual({ detail: "No.", later: 1 });
});
