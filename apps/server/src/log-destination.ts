import { constants, fstatSync, openSync, write } from "node:fs";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Where the lines of a log go. Writing never waits and never fails. */
export interface LogDestination {
  /** Takes a whole line; one too many is dropped, counted, and owned up to when there is room again. */
  write(line: string): void;
  /** Waits until all that was taken is written, at most `ms`. */
  flush(ms: number): Promise<void>;
}

/** Lines that may wait for a slow reader, bytes. */
const MOST_WAITING = 1024 ** 2;
const CHUNK = 64 * 1024;
/** How long a terminal that takes nothing is left alone, ms. */
const AGAIN_MS = 50;

type Put = (chunk: Buffer) => Promise<void>;

function putInto(fd: number): Put {
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
        await wait(AGAIN_MS, undefined, { ref: false });
      }
  };
}

function putThrough(socket: Socket): Put {
  // Each write hears of its own failure.
  socket.on("error", () => {});
  socket.unref();
  return (chunk) =>
    new Promise((resolve, reject) => {
      socket.write(chunk, (cause) => (cause ? reject(cause) : resolve()));
    });
}

/** A terminal that was stopped with Ctrl-S blocks who writes to it, so it is opened anew without waiting. */
function reopened(fd: number): number {
  try {
    return openSync(
      `/dev/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    return fd;
  }
}

function putOf(fd: number): Put {
  try {
    // Without `bigint` it would leave a pipe where Node 20 looks while it follows links to modules.
    const found = fstatSync(fd, { bigint: true });
    if (found.isFIFO() || found.isSocket()) return putThrough(new Socket({ fd, readable: false }));
    return putInto(found.isCharacterDevice() ? reopened(fd) : fd);
  } catch {
    return putInto(fd);
  }
}

/**
 * Writes lines to a file descriptor without ever holding up the program: a disk that is full, a reader
 * that is gone or that has stalled costs lines, never a run.
 */
export function createLogDestination(fd: number): LogDestination {
  const put = putOf(fd);
  const waiting: Buffer[] = [];
  let bytes = 0;
  let dropped = 0;
  let writing: Promise<void> | undefined;

  function next(): { chunk: Buffer; lines: number } {
    const taken: Buffer[] = [];
    for (let length = 0; waiting.length > 0 && length < CHUNK; length += taken.at(-1)!.length)
      taken.push(waiting.shift()!);
    return { chunk: Buffer.concat(taken), lines: taken.length };
  }

  async function own(): Promise<void> {
    const lost = dropped;
    const notice = { level: 40, time: Date.now(), dropped: lost, msg: "log lines were dropped" };
    await put(Buffer.from(`${JSON.stringify(notice)}\n`));
    dropped -= lost;
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const { chunk, lines } = next();
      try {
        await put(chunk);
        if (dropped > 0) await own();
      } catch {
        dropped += lines;
      }
      bytes -= chunk.length;
    }
    writing = undefined;
  }

  return {
    write(line) {
      const chunk = Buffer.from(line);
      if (bytes + chunk.length > MOST_WAITING) {
        dropped++;
        return;
      }
      waiting.push(chunk);
      bytes += chunk.length;
      // Never rejects: what could not be written is counted.
      writing ??= drain();
    },
    async flush(ms) {
      await Promise.race([writing, wait(ms, undefined, { ref: false })]);
    },
  };
}
