import fc from "fast-check";
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
  ["[Errno 2] No such file or directory: '/home/x/.modly/models/a b/m.bin'", /: '/],
  ["could not open C:\\Users\\x\\models\\m.bin", "could not open m.bin"],
  ["could not open /home/x/models/m.bin", "could not open m.bin"],
  ["see https://example.org/help/me", "see https://example.org/help/me"],
  ["1/2 of the views, and/or a mask", "1/2 of the views, and/or a mask"],
  [[{ loc: ["body"], msg: "x" }], '[{"loc":["body"],"msg":"x"}]'],
  [undefined, ""],
] as const)("%j becomes %s", ([raw, expected]) => {
  if (typeof expected === "string") expect(sentence(raw)).toBe(expected);
  else expect(sentence(raw)).toMatch(expected);
});

test("whatever comes, it is one line of at most 300 characters without folders or frames", () => {
  const pieces = fc.constantFrom(
    ..."Traceback (most recent call last):|\n|  File |/home/x/|C:\\Users\\x\\|gen.py|ValueError: |\0|é| ".split(
      "|",
    ),
  );
  const raw = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 40 }).map((all) => all.join(""));
  fc.assert(
    fc.property(raw, (text) => {
      const line = sentence(text);
      expect(line.length).toBeLessThanOrEqual(300);
      expect(line).not.toMatch(/\p{Cc}/u);
      expect(line).not.toMatch(/(?<![\w.:/])(\/home\/x\/\w|[A-Za-z]:\\Users\\x\\\w)/);
    }),
  );
});
