import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";

import type { Job } from "./batch.ts";

interface Line {
  key: string;
  attempt: number;
  run_id?: string | undefined;
  status: string;
  file?: string | undefined;
}

/**
 * What a batch has done, a line for each thing that happened. A batch that was stopped reads it and goes on: what is
 * made is not made again, and what was under way is found by its idempotency key, answered or not.
 */
export class Manifest {
  readonly #file: string;
  readonly #batch: string;
  readonly #last: Map<string, Line>;

  private constructor(file: string, batch: string, last: Map<string, Line>) {
    this.#file = file;
    this.#batch = batch;
    this.#last = last;
  }

  /** Opens a manifest, or gives a sentence that says why not. */
  static async open(file: string, resume: boolean): Promise<Manifest | string> {
    const exists = existsSync(file);
    if (exists && !resume)
      return `${file} is there already. Go on with --resume, or name another file.`;
    try {
      if (!exists) {
        const batch = randomUUID();
        await writeFile(file, `${JSON.stringify({ manifest: 1, batch })}\n`, { flag: "wx" });
        return new Manifest(file, batch, new Map());
      }
      const [head, ...lines] = (await readFile(file, "utf8")).split("\n").map(parsed);
      const batch = (head as { batch?: unknown } | undefined)?.batch;
      if (typeof batch !== "string") return `${file} is no manifest of a batch.`;
      const last = new Map<string, Line>();
      for (const line of lines as (Line | undefined)[])
        if (line?.key !== undefined) last.set(line.key, { ...last.get(line.key), ...line });
      return new Manifest(file, batch, last);
    } catch (cause) {
      return `The manifest ${file} can't be used: ${(cause as Error).message}.`;
    }
  }

  /** What makes two runs the same: picture, model, params, format and size. */
  async keyOf({ picture, model, params, place }: Job): Promise<string> {
    const hash = createHash("sha256");
    if (typeof picture.image === "string")
      for await (const bytes of createReadStream(picture.image)) hash.update(bytes as Buffer);
    else hash.update(Buffer.from(await picture.image.arrayBuffer()));
    hash.update(JSON.stringify([model, sorted(params), place.format, place.sizeMm ?? null]));
    return hash.digest("hex");
  }

  /** The file that was made for this, if it is still there. */
  madeFile(key: string): string | undefined {
    const line = this.#last.get(key);
    return line?.status === "done" && line.file !== undefined && existsSync(line.file)
      ? line.file
      : undefined;
  }

  /** The file that was promised when the batch was stopped. */
  promisedFile(key: string): string | undefined {
    const line = this.#last.get(key);
    return line?.status === "done" ? undefined : line?.file;
  }

  /** Sent with the create. A run that failed gets a new one, so that it is tried again. */
  idempotencyKey(key: string): string {
    return `${this.#batch}-${key.slice(0, 32)}-${this.#attempt(key)}`;
  }

  #attempt(key: string): number {
    const line = this.#last.get(key);
    if (!line) return 1;
    return line.status === "failed" ? line.attempt + 1 : line.attempt;
  }

  async note(key: string, about: Omit<Line, "key" | "attempt">): Promise<void> {
    const line = { key, attempt: this.#attempt(key), ...about };
    await appendFile(this.#file, `${JSON.stringify(line)}\n`);
    this.#last.set(key, { ...this.#last.get(key), ...line });
  }
}

function sorted(params: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A line that a kill cut off is passed over. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
