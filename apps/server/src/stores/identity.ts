import { statSync } from "node:fs";

const identityOf = (file: string) => {
  const { dev, ino } = statSync(file);
  return `${dev}:${ino}`;
};

/** Knows a file again that was there: an open file takes writes also when its name is gone, and loses them. */
export function createIdentity(file: string) {
  const identity = identityOf(file);
  return {
    /** What happened to the file since, or undefined when it is the same. */
    fault(): string | undefined {
      try {
        return identityOf(file) === identity ? undefined : "the file of the store was replaced";
      } catch {
        return "the file of the store is gone";
      }
    },
  };
}
