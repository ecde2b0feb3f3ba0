import { constants, fstatSync, openSync, write } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Lines that may wait for a slow reader, bytes. */
const MOST_WAITING = 1024 ** 2;
/** How long a reader that takes nothing is left alone, ms. */
const AGAIN = 50;

type Put = (chunk: Buffer) => Promise<void>;

/** A pipe is written to by the event loop: a thread that waited for its reader could never be ended. */
function throughPipe(fd: number): Put {
  const socket = new Socket({ fd, readable: false });
  // Each write hears of its own failure.
  socket.on("error", () => {});
  socket.unref();
  return (chunk) =>
    new Promise((resolve, reject) => {
      socket.write(chunk, (cause) => (cause ? reject(cause) : resolve()));
    });
}

/** A terminal that was stopped holds up who writes to it, unless it was opened not to wait. */
function withoutWaiting(fd: number): number {
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/dev/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return fd;
  }
}

function intoFile(fd: number): Put {
  const once = (chunk: Buffer) =>
    new Promise<number>((resolve, reject) => {
      write(fd, chunk, (cause, written) => (cause ? reject(cause) : resolve(written)));
    });
  return async (chunk) => {
    for (let rest = chunk; rest.length > 0;)
      try {
        rest = rest.subarray(await once(rest));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EAGAIN") throw cause;
        await wait(AGAIN, undefined, { ref: false });
      }
  };
}

function putOf(fd: number): Put {
  try {
    // Without `bigint` it would leave a pipe where Node 20 looks while it follows links to modules.
    const found = fstatSync(fd, { bigint: true });
    if (found.isFIFO() || found.isSocket()) return throughPipe(fd);
    return intoFile(found.isCharacterDevice() ? withoutWaiting(fd) : fd);
  } catch {
    return intoFile(fd);
  }
}

/**
 * Where the lines of the log go. Writing never waits and never fails: a full disk, a reader that is gone or has
 * stalled costs lines, and the next line that gets through is told how many.
 */
export function createLogDestination(fd: number) {
  const put = putOf(fd);
  let waiting: Buffer[] = [];
  let bytes = 0;
  let dropped = 0;
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const [lines, chunk] = [waiting.length, Buffer.concat(waiting)];
      waiting = [];
      try {
        await put(chunk);
        const lost = dropped;
        const notice = {
          level: 40,
          time: Date.now(),
          dropped: lost,
          msg: "log lines were dropped",
        };
        if (lost > 0) await put(Buffer.from(`${JSON.stringify(notice)}\n`));
        dropped -= lost;
      } catch {
        dropped += lines;
      }
      bytes -= chunk.length;
    }
    writing = undefined;
  }
  return {
    write(line: string): void {
      const chunk = Buffer.from(line);
      if (bytes + chunk.length > MOST_WAITING) return void dropped++;
      waiting.push(chunk);
      bytes += chunk.length;
      // Never rejects: what could not be written is counted.
      writing ??= drain();
    },
    /** Waits until all that was taken is written, at most `ms`. */
    async flush(ms: number): Promise<void> {
      await Promise.race([writing, wait(ms, undefined, { ref: false })]);
    },
  };
}
