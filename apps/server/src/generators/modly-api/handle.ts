import { z } from "zod";

/**
 * What a run remembers of its job in Modly.
 *
 * `sending` is stored before a submission and carries its time (milliseconds since the epoch): found
 * after a restart, it means that a job may exist whose id nobody knows.
 */
const Handle = z.union([
  z.object({ job: z.string().min(1) }),
  z.object({ sending: z.number() }),
  z.object({ nothing: z.literal(true) }),
]);
export type Handle = z.infer<typeof Handle>;

export const NOTHING: Handle = { nothing: true };

export function writeHandle(handle: Handle): string {
  return JSON.stringify(handle);
}

/** A handle that can't be read is as bad as a lost answer: something was submitted, nobody knows what. */
export function readHandle(text: string | null): Handle {
  if (text === null) return NOTHING;
  try {
    return Handle.parse(JSON.parse(text));
  } catch {
    return { sending: 0 };
  }
}
