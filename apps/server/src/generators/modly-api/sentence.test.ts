import { expect, test } from "vitest";

import { sentence } from "./sentence.ts";

test.for([
  [
    'Traceback (most recent call last):\n  File "/opt/modly/api/gen.py", line 3, in run\n    raise ValueError("no")\nValueError: no',
    "ValueError: no",
  ],
  [
    'Traceback (most recent call last):\n  File "C:\\Modly\\gen.py", line 3, in run\nTypeError: first\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "C:\\Modly\\gen.py", line 9, in run\nRuntimeError: the mesh is empty\nafter decimation',
    "RuntimeError: the mesh is empty after decimation",
  ],
  [
    "[Errno 2] No such file or directory: '/home/x/.modly/models/a b/m.bin'",
    "[Errno 2] No such file or directory: 'a b/m.bin'",
  ],
  ["could not open C:\\Users\\x\\models\\m.bin", "could not open m.bin"],
  ["could not open /home/x/models/m.bin", "could not open m.bin"],
  ["see https://example.org/help/me", "see https://example.org/help/me"],
  ["1/2 of the views, and/or a mask", "1/2 of the views, and/or a mask"],
  [[{ loc: ["body"], msg: "x" }], '[{"loc":["body"],"msg":"x"}]'],
  [undefined, ""],
] as const)("%j becomes %s", ([raw, expected]) => {
  expect(sentence(raw)).toBe(expected);
});
