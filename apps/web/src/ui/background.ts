/**
 * Lets work go on beside what is asked for now.
 *
 * Whatever can fail in it is told as a value; a rejection is a fault, and goes where the browser
 * reports those.
 */
export function inBackground(work: Promise<unknown>): void {
  work.catch((cause: unknown) => reportError(cause));
}
