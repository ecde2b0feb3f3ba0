import { setTimeout as wait } from "node:timers/promises";

import { FilesAway } from "../away.ts";

/** How often something is tried, and how long the next try waits, ms: a little, then more. */
const TRIES = 3;
const pauseAfter = (tried: number) => 100 * 4 ** (tried - 1) * (0.5 + Math.random());

/** What an answer of S3 was, as far as there was one. */
export function statusOf(cause: unknown): number | undefined {
  return (cause as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
}

/** No answer, a fault of the other side, or too much at once: the next try may do better. */
function mayPass(cause: unknown): boolean {
  const status = statusOf(cause);
  return status === undefined || status >= 500 || status === 408 || status === 429;
}

function sentenceOf(what: string, cause: unknown, limitMs: number): string {
  const status = statusOf(cause);
  const { name, message } = cause as Error;
  if (status === 403) return `${what}: S3 refuses access. Look at the credentials and the policy.`;
  if (status !== undefined) return `${what}: S3 answered ${status} ${name}.`;
  if (name === "AbortError")
    return `${what}: S3 did not answer within ${limitMs / 1000} s, ${TRIES} times.`;
  return `${what}: S3 can't be reached: ${message}.`;
}

export interface Insist {
  /** What is done, for a sentence: `Reading a mesh`. */
  readonly what: string;
  readonly limitMs: number;
}

/**
 * Tries a few times, each within a limit.
 *
 * @throws FilesAway when all tries failed for reasons that pass, or at once for one that does not
 */
export async function insist<T>(
  { what, limitMs }: Insist,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    const trying = new AbortController();
    // Not AbortSignal.timeout: a body that comes after the answer is under no limit of this kind.
    const late = setTimeout(() => trying.abort(), limitMs);
    try {
      return await attempt(trying.signal);
    } catch (cause) {
      if (cause instanceof FilesAway) throw cause;
      if (tried === TRIES || !mayPass(cause))
        throw new FilesAway(sentenceOf(what, cause, limitMs), { cause });
    } finally {
      clearTimeout(late);
    }
    await wait(pauseAfter(tried));
  }
}
