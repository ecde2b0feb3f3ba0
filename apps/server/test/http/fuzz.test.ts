import * as fc from "fast-check";
import { expect, test } from "vitest";

import { type App, openApp } from "../support/app.ts";
import { source, writeMesh } from "../support/generators.ts";
import { picture } from "../support/pictures.ts";
import { answerOn, dial, expectProblem, type RawAnswer } from "../support/raw.ts";

const CRLF = "\r\n";

/** Whatever is sent, it is answered in our shape, and never with a fault of ours. */
function expectAnswered(answer: RawAnswer): void {
  expect(answer.status).toBeGreaterThanOrEqual(200);
  expect(answer.status).toBeLessThan(500);
  if (answer.status === 200) JSON.parse(answer.body);
  else expectProblem(answer);
}

async function send(app: App, type: string, body: Buffer): Promise<RawAnswer> {
  const socket = dial(app.url);
  const head = [
    "POST /workflow-runs/from-image HTTP/1.1",
    "Host: 127.0.0.1",
    "Connection: close",
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
  ];
  socket.on("error", () => {});
  socket.write(head.join(CRLF) + CRLF + CRLF);
  socket.write(body);
  return answerOn(socket);
}

async function expectAlive(app: App): Promise<void> {
  expect((await app.ended(await app.create())).status).toBe("done");
  await expect.poll(async () => (await app.leftOnDisk()).uploads, { timeout: 20_000 }).toEqual([]);
  expect((await app.leftOnDisk()).tmp).toEqual([]);
}

const NAMES = [
  "image",
  "model_id",
  "params",
  "collection",
  "",
  "__proto__",
  "a[b][c]",
  "a[99]",
  "x",
];
const TYPES = [
  "image/png",
  "IMAGE/JPEG",
  "image/",
  "text/plain",
  "",
  "multipart/form-data; boundary=b",
];
const VALUES = [
  "test/steps",
  "{}",
  '{"steps":1,"step_ms":0}',
  "[1]",
  "null",
  "Default",
  "--b",
  "\0",
  "é",
];

const value = fc.oneof(
  fc.constantFrom(...VALUES).map((text) => Buffer.from(text)),
  fc.constantFrom(picture(), picture().subarray(0, 20), Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

const disposition = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(...NAMES), fc.option(fc.constantFrom("a.png", "", "../x", "ü.png")))
      .map(
        ([name, file]) =>
          `Content-Disposition: form-data; name="${name}"${file === null ? "" : `; filename="${file}"`}`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "Content-Disposition: form-data",
      'Content-Disposition: attachment; name="image"',
      "Content-Disposition: form-data; name*=UTF-8''image; filename*=x''%ff",
      "no colon at all",
      `X-Long: ${"x".repeat(20_000)}`,
      "",
    ),
  },
);

const part = fc
  .tuple(disposition, fc.option(fc.constantFrom(...TYPES)), value)
  .map(([first, type, bytes]) => {
    const head = [first, ...(type === null ? [] : [`Content-Type: ${type}`])].join(CRLF);
    return Buffer.concat([Buffer.from(head + CRLF + CRLF), bytes]);
  });

/** Forms in which each piece of the grammar may be left out, doubled or bent. */
const form = fc
  .tuple(
    fc.array(part, { maxLength: 6 }),
    fc.constantFrom("--b", "--b", "--b", "--c", "b", "--b--"),
    fc.constantFrom(CRLF, CRLF, CRLF, "\n", ""),
    fc.constantFrom("--b--\r\n", "--b--\r\n", "--b--", "--b", "", "\0"),
    fc.option(fc.nat({ max: 400 }), { freq: 4 }),
  )
  .map(([parts, line, end, last, cut]) => {
    const pieces = parts.map((each) =>
      Buffer.concat([Buffer.from(line + end), each, Buffer.from(end)]),
    );
    const whole = Buffer.concat([...pieces, Buffer.from(last)]);
    return cut === null ? whole : whole.subarray(0, cut);
  });

const contentType = fc.constantFrom(
  ...Array.from({ length: 8 }, () => "multipart/form-data; boundary=b"),
  "multipart/form-data",
  'multipart/form-data; boundary=""',
  `multipart/form-data; boundary=${"b".repeat(300)}`,
  "multipart/mixed; boundary=b",
  "multipart/form-data; boundary=b; charset=nonsense",
);

test("no form, however bent, is a fault of ours", async () => {
  const app = await openApp();
  await fc.assert(
    fc.asyncProperty(contentType, form, async (type, body) => {
      expectAnswered(await send(app, type, body));
    }),
    { numRuns: 200 },
  );
  await expectAlive(app);
});

/** Values of any depth, with the keys that have bent programs before. */
const key = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", "steps", "grid", "mode", ""),
  fc.string({ maxLength: 20 }),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.maxSafeInteger()),
    fc.array(tie("tree"), { maxLength: 5 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
  ),
}));
const params = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.dictionary(key, tree, { maxKeys: 6 }).map((each) => JSON.stringify(each)),
  },
  { weight: 2, arbitrary: tree.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
  { weight: 1, arbitrary: fc.nat({ max: 20_000 }).map((depth) => '{"a":'.repeat(depth)) },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 20_000 }).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('{"grid":1e999}', '{"grid":-0}', '{"a":1,"a":2}', "\ufeff{}", "{}x"),
  },
);

const open = source("open", writeMesh, {
  places: 4,
  params: [
    { id: "grid", type: "float", default: 1, min: 0 },
    { id: "mode", type: "select", default: "a", options: [{ value: "a", label: "A" }] },
  ],
});

test("no params, however odd, are a fault of ours, and prototypes stay what they were", async () => {
  const app = await openApp({ sources: [open], limits: { maxPending: 10_000 } });
  await fc.assert(
    fc.asyncProperty(params, fc.constantFrom("test/steps", "fake/open"), async (text, model) => {
      const sent = new FormData();
      sent.set("model_id", model);
      sent.set("params", text);
      sent.set("image", new Blob([picture()], { type: "image/png" }), "a.png");
      const answer = await fetch(`${app.url}/workflow-runs/from-image`, {
        method: "POST",
        body: sent,
        headers: { Connection: "close" },
      });
      const body = await answer.text();
      if (answer.status === 200) await app.cancel((JSON.parse(body) as { run_id: string }).run_id);
      else expect(expectProblem({ status: answer.status, body }).status).toBe(400);
    }),
    { numRuns: 150 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)["steps"]).toBeUndefined();
  await expectAlive(app);
});
