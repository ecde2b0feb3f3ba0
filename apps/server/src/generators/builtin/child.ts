/** The process that does the work: one job at a time, told by its parent, gone with its parent. */
import sharp from "sharp";
import { make, type Job } from "./make.ts";
import type { FromChild, ToChild } from "./messages.ts";
import { simplifierReady } from "./surface/simplify.ts";

// Nothing is decoded twice here, so a cache would only hold memory.
sharp.cache(false);

function send(message: FromChild): void {
  // When the parent is gone there is nobody to tell, and "disconnect" ends the process.
  process.send?.(message, undefined, undefined, () => {});
}

async function work(job: Job): Promise<void> {
  try {
    const made = await make(job, (percent, step) => send({ type: "progress", percent, step }));
    send({ type: "made", made });
  } catch (error) {
    send({
      type: "fault",
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

// A signal from the terminal reaches the whole group; when to stop is the parent's decision.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit());
process.on("message", ({ job }: ToChild) => void work(job));

await simplifierReady;
send({ type: "ready" });
