import type { WireRequest } from "../../wire/exchange.ts";

/** Lines that only a stack has: Python's, Node's, Java's. */
const STACK =
  /Traceback \(most recent call last\)|^\s*File "[^"]+", line \d+|^\s*at .+[(:\s].+:\d+(?::\d+)?\)?$/m;

/** A path of a machine, as opposed to one of the API. */
const PATH =
  /(?:(?<![\w/.])\/(?:home|Users|root|usr|var|opt|srv|app|tmp|private|mnt|etc|data)\/[\w.-]+(?:\/[\w.-]+)*|\b[A-Z]:\\[\w.-]+)/g;

/** What a text tells that it should not: part of a stack, or a path that was not in the request. */
export function secretIn(text: string, request?: WireRequest): string | undefined {
  const plain = text.replaceAll(String.raw`\n`, "\n").replaceAll(String.raw`\\`, "\\");
  const stack = STACK.exec(plain);
  if (stack) return stack[0].trim().slice(0, 200);
  const sent = `${request?.path ?? ""} ${JSON.stringify(request?.headers ?? {})} ${request?.body?.subarray(0, 65_536).toString("latin1") ?? ""}`;
  return plain.match(PATH)?.find((path) => !sent.includes(path));
}
