import { Worker } from "node:worker_threads";

/** How often the process is looked at, ms. */
const EVERY = 50;
/** How often it shows that it is not stuck, ms. */
const BEAT = 250;

/**
 * Ends this process when it takes more than so many bytes, or computes for so many milliseconds without a pause. The
 * watch is a thread of its own: whoever decodes holds up the main one. What was under way is begun again elsewhere, and
 * what does it again and again is given up.
 */
export function bound(bytes: number, busy: number): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(beats, 0, 1), BEAT).unref();
  // Looks are counted, not time: a machine that slept has not computed.
  const watch = `
    const { workerData } = require("node:worker_threads");
    let [last, looks] = [0, 0];
    setInterval(() => {
      const beat = Atomics.load(workerData, 0);
      looks = beat === last ? looks + 1 : 0;
      last = beat;
      if (looks > ${Math.ceil(busy / EVERY)} || process.memoryUsage.rss() > ${bytes})
        process.kill(process.pid, "SIGKILL");
    }, ${EVERY});`;
  const options = { eval: true, execArgv: [], stdout: false, stderr: false, workerData: beats };
  new Worker(watch, options).unref();
}
