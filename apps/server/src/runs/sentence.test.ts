import fc from "fast-check";
import { expect, test } from "vitest";

import { modelIsGone, sentenceOf } from "./sentence.ts";

const said = fc
  .array(
    fc.constantFrom("a", " ", "\n", "\r", "/", "\\", ":", "\u0000", "\u0085", "é".repeat(150)),
    {
      maxLength: 30,
    },
  )
  .map((parts) => parts.join(""));

const SAID_NOTHING = "The generator failed without saying why.";

test.each([
  ["a plain sentence stays", "The picture is empty.", "The picture is empty."],
  [
    "of a traceback in Python the last line",
    'Traceback (most recent call last):\n  File "/opt/m/gen.py", line 3\nValueError: no\n',
    "ValueError: no",
  ],
  [
    "of a stack in JavaScript the line above it",
    "Error: no mesh\r\n    at run (file:///srv/app/run.js:3:7)\r\n    at main:12\r\n",
    "Error: no mesh",
  ],
  ["a line that only begins like a stack stays", "at least 3 pictures", "at least 3 pictures"],
  ["a place in the middle is no stack", "look at line:3", "look at line:3"],
  ["a path loses its folders", "can't open /home/x/models/m.bin", "can't open m.bin"],
  ["in quotes too", "no file '/home/x/m.bin'", "no file 'm.bin'"],
  ["a folder goes as a whole", "nothing in /home/x/", "nothing in"],
  ["a path of Windows", "can't open C:\\Users\\x\\m.bin", "can't open m.bin"],
  ["with the other slash", "can't open d:/models/x/m.bin", "can't open m.bin"],
  ["of another machine", "can't open \\\\nas\\share\\m.bin", "can't open m.bin"],
  ["as an address", "in file:///srv/app/gen.js:3", "in gen.js:3"],
  ["as an address of Windows", "in file:///C:/app/gen.js:3", "in gen.js:3"],
  ["as an address of another machine", "in file://nas/share/gen.js:3", "in gen.js:3"],
  ["two of them", "/a/b/c.bin, /d/e/f.bin", "c.bin, f.bin"],
  ["an address of the web stays", "see https://example.org/a/b", "see https://example.org/a/b"],
  ["a part of a word is no drive", "abc:/x/y/z.bin", "abc:/x/y/z.bin"],
  ["a fraction stays", "1/2 of it, and/or more", "1/2 of it, and/or more"],
  ["a path below here stays", "./a/b.bin and ../c/d.bin", "./a/b.bin and ../c/d.bin"],
  ["control characters are a space", "a\u0000\u0007b\tc", "a b c"],
  ["what is too long is cut off", "x".repeat(500), "x".repeat(400)],
  ["it is no longer than that with its spaces", `${"x".repeat(399)} yz`, "x".repeat(399)],
  ["nothing", "", SAID_NOTHING],
  ["only a path's folders", "/home/x/", SAID_NOTHING],
  ["only a stack", "at run (a.js:3)", SAID_NOTHING],
])("%s", (_, text, expected) => expect(sentenceOf(text)).toBe(expected));

test("whatever is reported, it is one short line that says something", () => {
  fc.assert(
    fc.property(said, (text) => {
      const sentence = sentenceOf(text);
      expect(sentence).toMatch(/^\P{Cc}{1,400}$/su);
      expect(sentence).toBe(sentence.trim());
    }),
  );
});

test("a model that is gone is named", () => {
  expect(modelIsGone("a/b")).toBe("The model a/b is not here any more.");
});
