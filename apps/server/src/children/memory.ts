import { Worker } from "node:worker_threads";

/** How a child that took too much memory ends: nothing else sends it this signal. */
export const OUT_OF_MEMORY: NodeJS.Signals = "SIGUSR2";

const [IDLE, BUSY] = [0, 1];

/**
 * Sleeps while its process is idle, looks every 25 ms while it works. As text, because a thread does
 * not start from a TypeScript file; a thread of its own, because the main one may be computing.
 */
const WATCH = `
  const { flag, most, signal } = require("node:worker_threads").workerData;
  for (;;) {
    Atomics.wait(flag, 0, ${IDLE});
    if (process.memoryUsage.rss() > most) process.kill(process.pid, signal);
    Atomics.wait(flag, 0, ${BUSY}, 25);
  }`;

/**
 * Holds this process to a bound on its resident memory while it works, whatever takes it: its own
 * heap, buffers, or a native decoder. A process over the bound ends with {@link OUT_OF_MEMORY}.
 *
 * @param most bytes
 */
export function watchMemory(most: number): { busy(): void; idle(): void } {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const watcher = new Worker(WATCH, {
    eval: true,
    workerData: { flag, most, signal: OUT_OF_MEMORY },
    execArgv: [],
  });
  watcher.unref();
  const set = (state: number) => {
    Atomics.store(flag, 0, state);
    Atomics.notify(flag, 0);
  };
  return { busy: () => set(BUSY), idle: () => set(IDLE) };
}
