import { styleText } from "node:util";

const LEVELS: Record<number, readonly [name: string, color: Parameters<typeof styleText>[0]]> = {
  20: ["debug", "gray"],
  30: ["info", "green"],
  40: ["warn", "yellow"],
  50: ["error", "red"],
};

interface Line {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly stack?: string; readonly message?: string };
}

function textOf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Writes a line of the log, which is JSON, for somebody who looks at a terminal. */
export function forPeople(json: string): string {
  const { level, time, msg = "", err, ...rest } = JSON.parse(json) as Line;
  const [name, color] = LEVELS[level] ?? [String(level), "gray"];
  const clock = new Date(time).toTimeString().slice(0, 8);
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${textOf(value)}`);
  const head = [styleText("gray", clock), styleText(color, name.padEnd(5)), msg].join(" ");
  const tail = fields.length > 0 ? ` ${styleText("gray", fields.join(" "))}` : "";
  const cause = err ? `\n  ${(err.stack ?? err.message ?? "").replaceAll("\n", "\n  ")}` : "";
  return `${head}${tail}${cause}\n`;
}
