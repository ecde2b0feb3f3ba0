import type { Log } from "../../log.ts";
import { createLines } from "./lines.ts";

const LONGEST_LINE = 1_000;
/** So many lines may come in a window of so many milliseconds; the rest is counted. */
const MOST_LINES = 200;
const WINDOW_MS = 10_000;

/** Takes what an extension prints into the log, bounded: a progress bar must not fill the disk. */
export function printTo(log: Log, fields: object): (bytes: Buffer) => void {
  let since = performance.now();
  let lines = 0;
  return createLines(LONGEST_LINE, (line, cut) => {
    const now = performance.now();
    if (now - since > WINDOW_MS) {
      if (lines > MOST_LINES)
        log.warn({ ...fields, lines: lines - MOST_LINES }, "it printed more than the log takes");
      since = now;
      lines = 0;
    }
    lines += 1;
    if (lines <= MOST_LINES) log.info({ ...fields, printed: cut ? `${line}…` : line }, "printed");
  });
}
