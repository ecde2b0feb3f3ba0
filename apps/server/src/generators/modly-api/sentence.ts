const LONGEST = 300;

/** `/home/x/gen.py` and `C:\x\gen.py` become `gen.py`: the caller has no use for this machine's folders. */
function withoutFolders(text: string): string {
  return text.replace(
    /(?<![\w.:/])(?:[A-Za-z]:|file:\/\/|~)?[\\/](?:[^\s"'`:;,()<>|]+[\\/])+/g,
    "",
  );
}

/** The exception of a Python traceback, without its frames; any other text as it is. */
function exceptionOf(text: string): string {
  const frames = text.lastIndexOf("Traceback (most recent call last)");
  if (frames < 0) return text;
  const [, ...lines] = text.slice(frames).split(/\r?\n/);
  const first = lines.findIndex((line) => /^\S/.test(line));
  return first < 0 ? "an exception without a message" : lines.slice(first).join(" ");
}

/**
 * One readable line out of whatever Modly puts in `error` or `detail`: no traceback, no absolute path,
 * no control character, at most 300 characters.
 */
export function sentence(raw: unknown): string {
  const text = typeof raw === "string" ? exceptionOf(raw.trim()) : (JSON.stringify(raw) ?? "");
  const line = withoutFolders(text)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
