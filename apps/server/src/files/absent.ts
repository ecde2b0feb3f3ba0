/** What the system says of a path that leads to nothing. */
const ABSENT: readonly unknown[] = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"];

/**
 * Undefined for what is not there. Anything else stays an error: no file handle left, no answer of a
 * disk or no permission say nothing about whether it is there.
 */
export function undefinedIfAbsent(cause: NodeJS.ErrnoException): undefined {
  if (!ABSENT.includes(cause.code)) throw cause;
}
