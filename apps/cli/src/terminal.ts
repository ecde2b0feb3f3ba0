import { once } from "node:events";
import type { Writable } from "node:stream";

/** Data goes to stdout, everything meant for a person to stderr. */
export interface Terminal {
  /** A line of data. */
  print(line: string): void;
  /** A line for the person in front of it. */
  say(line: string): void;
  /** Progress: one line that is rewritten on a terminal, a plain line elsewhere. */
  progress(percent: number, step: string): void;
  /** Raw bytes of data, as fast as the reader takes them. */
  bytes(): WritableStream<Uint8Array>;
}

interface Screen extends Writable {
  isTTY?: boolean;
  columns?: number;
}

/** A terminal over two streams. */
export function terminalOn(stdout: Writable, stderr: Screen): Terminal {
  let open = false;
  let shown = "";
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
      stdout.write(`${line}\n`);
    },
    say,
    progress(percent, step) {
      if (stderr.isTTY) {
        const line = `${bar(percent)} ${String(percent).padStart(3)}% ${step}`;
        stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns || 80) - 1)}`);
        open = true;
      } else if (step !== shown) {
        shown = step;
        say(`${percent}% ${step}`);
      }
    },
    bytes: () =>
      new WritableStream({
        async write(bytes) {
          if (!stdout.write(bytes)) await once(stdout, "drain");
        },
      }),
  };
}

function bar(percent: number): string {
  const full = Math.round(percent / 5);
  return `[${"#".repeat(full)}${"-".repeat(20 - full)}]`;
}
