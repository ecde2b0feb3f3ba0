// A file on its way: what has come of it lies beside its place, where the next attempt finds it.
import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { Earlier, Sink } from "./download.ts";

/** Names longer than this many characters are no names for every file system. */
const LONGEST = 200;
const HEAD = 12;

/** Parts that this process works on. */
const active = new Set<string>();

/** `.NAME.PID-RANDOM.SOURCE.ETAG.part`; source and validator are missing until they are known. */
export class PartFile implements Sink {
  readonly #target: string;
  readonly #own = `${process.pid}-${randomBytes(4).toString("hex")}`;
  #path: string;
  #file: FileHandle | undefined;
  /** It can be known again, so it is worth keeping. */
  #named = false;

  constructor(target: string) {
    this.#target = target;
    this.#path = this.#pathOf(this.#own);
  }

  #pathOf(name: string): string {
    return join(dirname(this.#target), `.${basename(this.#target)}.${name}.part`);
  }

  async open(): Promise<void> {
    this.#file = await open(this.#path, "ax+");
    active.add(this.#path);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file!.appendFile(bytes);
  }

  /** Takes over what a process that is gone has left, and clears away what else it left. */
  async earlier(source: string): Promise<Earlier | undefined> {
    for (const { name, isOf, etag } of await this.#abandoned()) {
      const path = join(dirname(this.#target), name);
      if (isOf !== hashOf(source) || etag === undefined) {
        await rm(path, { force: true });
        continue;
      }
      const ours = this.#pathOf(nameOf(this.#own, source, etag));
      // Of two that find it one takes it.
      const taken = await rename(path, ours).then(
        () => true,
        () => false,
      );
      if (!taken) continue;
      const file = await open(ours, "a+");
      const { size } = await file.stat();
      if (size === 0) {
        await file.close();
        await rm(ours, { force: true });
        continue;
      }
      await this.#drop();
      this.#path = ours;
      this.#file = file;
      this.#named = true;
      active.add(ours);
      const head = new Uint8Array(Math.min(HEAD, size));
      await file.read(head, 0, head.length, 0);
      return { bytes: size, head, etag };
    }
    return undefined;
  }

  async #abandoned(): Promise<{ name: string; isOf?: string | undefined; etag?: string }[]> {
    const begins = `.${basename(this.#target)}.`;
    const names = await readdir(dirname(this.#target)).catch(() => []);
    return names.flatMap((name) => {
      if (!name.startsWith(begins)) return [];
      const [, pid, isOf, etag] =
        /^(\d+)-[0-9a-f]{8}(?:\.([0-9a-f]{16})\.([\w-]+))?\.part$/.exec(
          name.slice(begins.length),
        ) ?? [];
      if (pid === undefined || isAtWork(Number(pid), join(dirname(this.#target), name))) return [];
      if (etag === undefined) return [{ name }];
      return [{ name, isOf, etag: Buffer.from(etag, "base64url").toString() }];
    });
  }

  async begins(source: string, etag: string): Promise<void> {
    const path = this.#pathOf(nameOf(this.#own, source, etag));
    if (basename(path).length > LONGEST) return;
    await rename(this.#path, path);
    active.delete(this.#path);
    active.add((this.#path = path));
    this.#named = true;
  }

  async restart(): Promise<void> {
    await this.#file!.truncate(0);
  }

  /** What came is whole: it gets its name. */
  async finish(): Promise<void> {
    await this.#file!.sync();
    await this.#file!.close();
    this.#file = undefined;
    await rename(this.#path, this.#target);
    active.delete(this.#path);
  }

  /** It did not get there. What came is kept where the next attempt can go on with it. */
  async leave(isWorthKeeping: boolean): Promise<void> {
    const size = this.#file ? (await this.#file.stat()).size : 0;
    if (isWorthKeeping && this.#named && size > 0) {
      await this.#file?.close();
      active.delete(this.#path);
    } else await this.#drop();
  }

  async #drop(): Promise<void> {
    active.delete(this.#path);
    await this.#file?.close().catch(() => undefined);
    await rm(this.#path, { force: true }).catch(() => undefined);
  }
}

const hashOf = (source: string) => createHash("sha256").update(source).digest("hex").slice(0, 16);

const nameOf = (own: string, source: string, etag: string) =>
  `${own}.${hashOf(source)}.${Buffer.from(etag).toString("base64url")}`;

/** Whether the process that writes a part is still there. */
function isAtWork(pid: number, path: string): boolean {
  if (pid === process.pid) return active.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // It is there, and somebody else's.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
