import { appendFile, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";

/** What this machine remembers of a run, a line for each thing that is known. */
export interface Entry {
  at: string;
  /** Sent with the create: finds a run whose answer was lost. */
  key: string;
  image: string;
  model: string;
  /** Where it runs; null for a server of our own, which is gone. */
  api_url: string | null;
  run_id?: string;
  status?: string;
  file?: string;
}

/** Where the journal lies on this system. */
export function journalFile(env: NodeJS.ProcessEnv = process.env): string {
  const base =
    process.platform === "win32"
      ? (env["LOCALAPPDATA"] ?? path.join(homedir(), "AppData", "Local"))
      : (env["XDG_STATE_HOME"] ?? path.join(homedir(), ".local", "state"));
  return path.join(base, "modly-runs", "journal.jsonl");
}

/** Writes down what is known. A journal that can't be written costs no run. */
export async function note(entry: Omit<Entry, "at">): Promise<void> {
  const file = journalFile();
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await appendFile(file, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
  } catch {
    // `doctor` says so.
  }
}

/** The runs that are remembered, the latest first, each with the last that is known of it. */
export async function remembered(): Promise<Entry[]> {
  const text = await readFile(journalFile(), "utf8").catch(() => "");
  const known = new Map<string, Entry>();
  for (const line of text.split("\n")) {
    const entry = entryOf(line);
    if (!entry) continue;
    const before = known.get(entry.key);
    known.set(entry.key, { ...before, ...entry, at: before?.at ?? entry.at });
  }
  return [...known.values()].toReversed();
}

/** A line that a crash cut off is passed over. */
function entryOf(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "key" in value
      ? (value as Entry)
      : undefined;
  } catch {
    return undefined;
  }
}
