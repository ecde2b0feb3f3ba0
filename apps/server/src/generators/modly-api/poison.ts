import type { Job } from "./modly.ts";

/**
 * What Modly 0.3.6 says of a job that failed while its model loaded, because the answers of a killed
 * process were still waiting to be read. Such a job was never handed to the model.
 */
const POISONED = [
  /Subprocess died unexpectedly/,
  /Unexpected response to load: \{'type': '(?:ready|loaded|progress|cancelled)'/,
  /Expected 'ready', got: (?:None|\{'type': '(?:loaded|progress|cancelled)')/,
];

/** A stale answer spoils one job each, and many early cancels may have left as many of them. */
const MOST_RESENT = 12;
/** A model that takes long and then fails so has most likely crashed by itself: then three times are enough. */
const SURELY_RESENT = 3;
const QUICKLY_MS = 60_000;

/** Whether a job that was not begun is sent once more, after so many times and so many milliseconds. */
export function maySendAgain(resent: number, sinceFirstMs: number): boolean {
  return resent < SURELY_RESENT || (resent < MOST_RESENT && sinceFirstMs < QUICKLY_MS);
}

/** True for a job that has certainly not been begun, because of a cancel before it. */
export function isPoisoned({ status, error }: Job): boolean {
  return (
    status === "error" && typeof error === "string" && POISONED.some((sign) => sign.test(error))
  );
}
