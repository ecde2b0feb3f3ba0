// Loaded into the private server's process: ends it when whoever started it is gone, however that happened.
import { isMainThread } from "node:worker_threads";

// The server's own children and threads inherit this file, and not its duty.
if (isMainThread && process.env["MODLY_RUNS_KEPT_BY"] === String(process.ppid)) {
  process.stdin
    .on("end", () => process.kill(process.pid, "SIGTERM"))
    .on("error", () => {})
    .resume();
}
