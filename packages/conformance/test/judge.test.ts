import { expect, test } from "vitest";

import { wrongIn } from "../src/programs/judge.ts";
import { answer, body, recording } from "./exchanges.ts";

type From = ReturnType<typeof recording>;

const DONE = {
  progress: 100,
  step: "Completed",
  output_url: "/workspace/a.glb",
  scene_candidate: { workspace_path: "a.glb" },
};
const timeout = { kind: "timeout", message: "no answer in 5 s" } as const;
const gone = { response: undefined as never, failure: timeout };

/** Recordings without a fault. */
const FINE: Readonly<Record<string, (from: From) => unknown>> = {
  nothing: () => {},
  "a whole life": ({ read }) => {
    read("r", body("r", "pending"));
    read("r", body("r", "running", { progress: 50, step: "Meshing" }));
    read("r", body("r", "done", DONE));
    read("r", body("r", "done", DONE));
  },
  "a busy server": ({ other, read }) => {
    other({ response: answer({ detail: "Later." }, 503) });
    read("r", "", { response: answer({ detail: "Later." }, 429) });
  },
  "a refusal": ({ other }) => other({ response: answer({ detail: "No." }, 499) }),
  "no answer where none is owed": ({ other }) => other({ ...gone, answerOwed: false }),
  "an answer to a cancel, which is no run's body": ({ cancel, read }) => {
    cancel("r", { cancelled: true });
    read("r", body("r", "cancelled"));
  },
  "a run that was only cancelled": ({ cancel }) => cancel("r", { status: "running" }),
};
test.each(Object.entries(FINE))("%s is fine", (_, make) => {
  const from = recording();
  make(from);
  expect(wrongIn(from.exchanges, true)).toBeUndefined();
});

test.each([
  ["GET-06", "pending", { progress: 3 }],
  ["GET-15", "cancelled", { error: "why not" }],
  ["GET-16", "cancelled", { step: "" }],
  ["GET-28", "cancelled", { eta: 3 }],
  ["GET-10", "cancelled", { progress: 100 }],
])("%s is a wish, and no fault", (_, status, more) => {
  const from = recording();
  from.cancel("r", { cancelled: true });
  from.read("r", body("r", status, more));
  if (status !== "cancelled") from.read("r", body("r", "cancelled", more));
  expect(wrongIn(from.exchanges, false)).toBeUndefined();
});

test.each<[string, (from: From) => unknown, number, string | RegExp]>([
  [
    "an answer that is owed and does not come",
    ({ other }) => other(gone),
    1,
    "other: no answer in 5 s",
  ],
  [
    "an answer that says the server broke",
    ({ other }) => {
      other({ response: answer({ detail: "Fine." }) });
      other({ response: answer({ detail: "Oops." }, 500) });
    },
    2,
    'other: 500 (application/json) {"detail":"Oops."}',
  ],
  [
    "a server that says 504",
    ({ other }) => other({ response: answer({ detail: "Oops." }, 504) }),
    1,
    'other: 504 (application/json) {"detail":"Oops."}',
  ],
  [
    "a body of another run",
    ({ read }) => read("r", body("s", "pending")),
    1,
    /^run_id is the id in the path \(GET-02\): 200 /,
  ],
  [
    "a body that its status does not allow",
    ({ read }) => read("r", body("r", "error", { error: "" })),
    1,
    /\(GET-\d\d\): 200 /,
  ],
  [
    "a done run whose two places differ",
    ({ read }) =>
      read("r", body("r", "done", { ...DONE, scene_candidate: { workspace_path: "b.glb" } })),
    1,
    /\(GET-12\): 200 /,
  ],
  [
    "a run that goes back",
    ({ read }) => {
      read("r", body("r", "running", { step: "Meshing" }));
      read("q", body("q", "pending"));
      read("r", body("r", "pending"));
    },
    3,
    /^run r: a read showed running 0%; a read begun .* showed pending 0%$/,
  ],
  [
    "a run that is cancelled before anybody cancelled it",
    ({ read, cancel }) => {
      read("r", body("r", "cancelled"));
      cancel("r", { status: "cancelled" });
    },
    1,
    /^run r: a read showed cancelled 0%, and the first cancel was sent/,
  ],
  [
    "an end that changes",
    ({ read }) => {
      read("r", body("r", "error", { error: "No." }));
      read("r", body("r", "error", { error: "No." }));
      read("r", body("r", "error", { error: "No!" }));
    },
    3,
    /^run r changed after its end: 200 .*"No!"/,
  ],
  [
    "a run without an end",
    ({ read }) => {
      read("q", body("q", "error", { error: "No." }));
      read("r", body("r", "pending"));
      read("r", body("r", "running", { step: "Meshing" }));
    },
    3,
    /^run r has no end: 200 .*"running"/,
  ],
])("%s is found where it shows", (_, make, number, what) => {
  const from = recording();
  make(from);
  const wrong = wrongIn(from.exchanges, false);
  expect(wrong?.exchange.number).toBe(number);
  expect(wrong?.what).toEqual(typeof what === "string" ? what : expect.stringMatching(what));
});

test("an answer that says only cancelled counts where the profile is strict", () => {
  const { read, cancel, exchanges } = recording();
  cancel("r", { cancelled: true });
  read("r", body("r", "error", { error: "No." }));
  expect(wrongIn(exchanges, false)).toBeUndefined();
  expect(wrongIn(exchanges, true)?.what).toMatch(/^run r: a cancel showed cancelled, and a read /);
});
