import { PassThrough } from "node:stream";

import { expect, test } from "vitest";

import { terminalOn, wrapped } from "../src/terminal.ts";

const ESCAPE = String.fromCodePoint(27);
/** A move up, a clearing, or a character. */
const PIECE = new RegExp(String.raw`${ESCAPE}\[(\d+)A|${ESCAPE}\[([JK])|[^]`, "g");

/** What a screen shows after what was written to it: as much of a terminal as our lines need. */
function screenOf(written: string): string[] {
  const rows = [""];
  let row = 0;
  let column = 0;
  for (const [piece, up, clear] of written.matchAll(PIECE)) {
    if (up) row -= Number(up);
    else if (clear) {
      rows[row] = rows[row]!.slice(0, column);
      if (clear === "J") rows.length = row + 1;
    } else if (piece === "\r") column = 0;
    else if (piece === "\n") {
      row++;
      column = 0;
      rows[row] ??= "";
    } else {
      rows[row] = rows[row]!.slice(0, column).padEnd(column) + piece + rows[row]!.slice(column + 1);
      column++;
    }
  }
  return rows;
}

/** A terminal of 20 columns, both streams on one screen, or in files. */
function terminal(isTTY: boolean) {
  let written = "";
  const stream = () =>
    Object.assign(new PassThrough(), { isTTY, columns: 20, rows: 24 }).on("data", (bytes) => {
      written += String(bytes);
    });
  return { ...terminalOn(stream(), stream()), screen: () => screenOf(written) };
}

test("lines that move stay below those that are said, and are cut to the screen", () => {
  const { live, say, print, screen } = terminal(true);
  live(["a 10%", "b 20%"]);
  say("hello");
  live(["a 30%", "b 40% and much that has no room"]);
  expect(screen()).toEqual(["hello", "a 30%", "b 40% and much that"]);
  live(["b 50%"]);
  print("a.glb");
  expect(screen()).toEqual(["hello", "a.glb", "b 50%"]);
  live([]);
  say("2 made.");
  expect(screen()).toEqual(["hello", "a.glb", "2 made.", ""]);
});

test("one line of progress stays as it was last, above what follows", () => {
  const { progress, print, screen } = terminal(true);
  progress("10% Reading", "Reading");
  progress("100% Completed", "Completed");
  print("duck.glb");
  expect(screen()).toEqual(["100% Completed", "duck.glb", ""]);
});

test("without a screen there is a line for each new step, and nothing moves", () => {
  const { progress, live, screen } = terminal(false);
  for (const percent of [10, 20]) progress(`${percent}% Reading`, "Reading");
  live(["a 10%"]);
  progress("100% Completed", "Completed");
  expect(screen()).toEqual(["10% Reading", "100% Completed", ""]);
});

test("quiet leaves out what is no trouble", () => {
  const { speak, progress, live, remark, say, screen } = terminal(true);
  speak({ quiet: true });
  progress("10%", "Reading");
  live(["a 10%"]);
  remark("Run 1");
  say("It failed.");
  expect(screen()).toEqual(["It failed.", ""]);
});

test("words go into lines of a width, with a hanging indent", () => {
  expect(wrapped("one two three four", 9, 2)).toBe("one two\n  three\n  four");
  expect(wrapped("unbreakable", 5, 2)).toBe("unbreakable");
});
