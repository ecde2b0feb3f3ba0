import type { Writable } from "node:stream";

/** Data goes to stdout, everything meant for a person to stderr. Either may close early: that costs no run. */
export interface Terminal {
  /** The width of the screen on which a person sees both streams; undefined where a program may read them. */
  columns: number | undefined;
  /** A line of data. */
  print(line: string): void;
  /** A line that matters, also to who wants it quiet. */
  say(line: string): void;
  /** A line for the person in front of it. */
  remark(line: string): void;
  /** A line for a person who wants to know it all. */
  tell(line: string): void;
  /** Progress: one line that is rewritten on a terminal and stays at the end, elsewhere a plain line for each new `step`. */
  progress(line: string, step: string): void;
  /** Lines that are rewritten below all others, on a terminal only. */
  live(lines: readonly string[]): void;
  /** Raw bytes of data, as fast as the reader takes them. */
  bytes(): WritableStream<Uint8Array>;
  /** True when stdout was closed before all was read. */
  dataLost(): boolean;
  /** How much is said from now on. */
  speak(how: { quiet?: boolean | undefined; verbose?: boolean | undefined }): void;
}

interface Screen extends Writable {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** A terminal over two streams. */
export function terminalOn(stdout: Screen, stderr: Screen): Terminal {
  /** A line of progress is open: what comes next begins a new one. */
  let open = false;
  let below: readonly string[] = [];
  let lost = false;
  let quiet = false;
  let verbose = false;
  let shown = "";
  stdout.on("error", () => {
    lost = true;
  });
  // Nobody listens any more; there is nobody to tell.
  stderr.on("error", () => {});
  const cut = (line: string) => line.slice(0, (stderr.columns || 80) - 1);
  const draw = (lines: readonly string[]) => {
    const up = below.length > 1 ? `\u001b[${below.length - 1}A` : "";
    if (below.length > 0) stderr.write(`\r${up}\u001b[J`);
    below = lines;
    stderr.write(lines.map(cut).join("\n"));
  };
  /** Writes a line above those that move. */
  const above = (write: () => void) => {
    const lines = below;
    if (lines.length > 0) draw([]);
    if (open) stderr.write("\n");
    open = false;
    write();
    if (lines.length > 0) draw(lines);
  };
  const say = (line: string) => above(() => stderr.write(`${line}\n`));
  return {
    columns: stdout.isTTY && stderr.isTTY ? stdout.columns || 80 : undefined,
    print(line) {
      above(() => {
        if (!lost) stdout.write(`${line}\n`);
      });
    },
    say,
    remark(line) {
      if (!quiet) say(line);
    },
    tell(line) {
      if (verbose) say(line);
    },
    progress(line, step) {
      if (quiet) return;
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[K${cut(line)}`);
        open = true;
      } else if (step !== shown) {
        shown = step;
        say(line);
      }
    },
    live(lines) {
      if (stderr.isTTY && !quiet) draw(lines.slice(0, (stderr.rows || 24) - 2));
    },
    bytes: () =>
      new WritableStream({
        write: (bytes) =>
          new Promise((resolve, reject) => {
            stdout.write(bytes, (cause) => (cause ? reject(cause) : resolve()));
          }),
      }),
    dataLost: () => lost,
    speak(how) {
      quiet = how.quiet ?? false;
      verbose = how.verbose ?? false;
    },
  };
}

/** A bar of twenty places. */
export function bar(percent: number): string {
  const full = Math.round(percent / 5);
  return `[${"#".repeat(full)}${"-".repeat(20 - full)}] ${String(percent).padStart(3)}%`;
}

/** Words in lines of a width, all but the first line indented. */
export function wrapped(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = " ".repeat(indent) + word;
    } else line = lines.length === 0 && line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
