import { Worker } from "node:worker_threads";

/** How often the memory of the process is looked at, ms. */
const EVERY_MS = 50;

/**
 * Ends this process when it takes more than so many bytes. The watch is a thread of its own: whoever decodes holds up
 * the main one. What was under way is begun again elsewhere, and what does it again and again is given up.
 */
export function boundMemory(bytes: number): void {
  const watch = `setInterval(() => {
    if (process.memoryUsage.rss() > ${bytes}) process.kill(process.pid, "SIGKILL");
  }, ${EVERY_MS});`;
  new Worker(watch, { eval: true, execArgv: [], stdout: false, stderr: false }).unref();
}
