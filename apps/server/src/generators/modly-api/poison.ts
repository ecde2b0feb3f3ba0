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

/** One stale answer spoils one job, and a killed process may have left two. */
export const MOST_RESENT = 3;

/** True for a job that has certainly not been begun, because of a cancel before it. */
export function isPoisoned({ status, error }: Job): boolean {
  return (
    status === "error" && typeof error === "string" && POISONED.some((sign) => sign.test(error))
  );
}
