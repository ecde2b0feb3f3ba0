import type { Writable } from "node:stream";

/** Data goes to stdout, everything meant for a person to stderr. Either may close early: that costs no run. */
export interface Terminal {
  /** A line of data. */
  print(line: string): void;
  /** A line for the person in front of it. */
  say(line: string): void;
  /** A line for a person who wants to know it all. */
  tell(line: string): void;
  /** Progress: one line that is rewritten on a terminal, elsewhere a plain line for each new `step`. */
  progress(line: string, step: string): void;
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
}

/** A terminal over two streams. */
export function terminalOn(stdout: Writable, stderr: Screen): Terminal {
  let open = false;
  let lost = false;
  let quiet = false;
  let verbose = false;
  const shown = new Set<string>();
  stdout.on("error", () => {
    lost = true;
  });
  // Nobody listens any more; there is nobody to tell.
  stderr.on("error", () => {});
  const close = () => {
    if (open) stderr.write("\n");
    open = false;
  };
  const say = (line: string) => {
    close();
    stderr.write(`${line}\n`);
  };
  return {
    print(line) {
      close();
      if (!lost) stdout.write(`${line}\n`);
    },
    say,
    tell(line) {
      if (verbose) say(line);
    },
    progress(line, step) {
      if (quiet) return;
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns || 80) - 1)}`);
        open = true;
      } else if (!shown.has(step)) {
        shown.add(step);
        say(line);
      }
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
