import { sentenceOf } from "../../runs/sentence.ts";

/** The exception of a Python traceback, without its frames; any other text as it is. */
function exceptionOf(text: string): string {
  const frames = text.lastIndexOf("Traceback (most recent call last)");
  if (frames < 0) return text;
  const [, ...lines] = text.slice(frames).split(/\r?\n/);
  const first = lines.findIndex((line) => /^\S/.test(line));
  return first < 0 ? "an exception without a message" : lines.slice(first).join(" ");
}

/** One readable line out of whatever Modly puts in `error` or `detail`; empty when that is empty. */
export function sentence(raw: unknown): string {
  const text = typeof raw === "string" ? exceptionOf(raw.trim()) : (JSON.stringify(raw) ?? "");
  const line = text.replace(/\s+/g, " ");
  return line === "" ? "" : sentenceOf(line);
}
