import type { Readable } from "node:stream";

/** A picture on its way in: on this machine's disk and flushed, not yet anybody's. */
export interface ReceivedUpload {
  readonly key: string;
  /** Absolute path of the picture, to be looked at before it is kept. */
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
}

/** Bytes of a file, from the first up to and with the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A mesh that can be served. */
export interface StoredMesh {
  /** Another one in the same place has another tag: what a strong ETag says. */
  readonly tag: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Its bytes, or a part of them; undefined where it is gone or replaced since it was found. */
  open(range?: ByteRange): Promise<Readable | undefined>;
  /**
   * Works on it as a file of this machine: the very file, or a copy that is gone afterwards.
   *
   * @param directory where a copy may be
   */
  asFile<T>(directory: string, work: (file: string) => Promise<T>): Promise<T>;
  /** An address from which a client may fetch it without us, where the place gives such addresses. */
  address?(): Promise<string>;
}

/** What is in a file: enough to know it again. */
export interface Content {
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export type PublishOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "taken" | "invalid"; readonly why: string };

/** Pictures that wait for their run. Keys are ours; nothing a client sends becomes part of a path. */
export interface Uploads {
  /** Writes and flushes the stream; a stream that fails leaves nothing behind. */
  receive(picture: Readable): Promise<ReceivedUpload>;
  /** Puts it where whoever works on its run finds it. Until then it is on this machine only. */
  keep(key: string): Promise<void>;
  /**
   * Absolute path of a picture that was kept: the very file, or a copy.
   *
   * @param directory where a copy may be
   */
  fetch(key: string, directory: string): Promise<string>;
  /** Idempotent. */
  remove(key: string): Promise<void>;
}

/** Finished meshes by their path in the workspace, `<collection>/<file>`. */
export interface Meshes {
  /**
   * Puts a file in its place at once, never half there. The same bytes in place already are fine;
   * other bytes are `taken`.
   */
  publish(file: string, workspacePath: string): Promise<PublishOutcome>;
  /** True when there is a file in that place. Waits as long for an answer as `publish` does. */
  isTaken(workspacePath: string): Promise<boolean>;
  /** What a file has in it, to be noted before it is published. */
  contentOf(file: string): Promise<Content>;
  /** True when there is a mesh in that place, and it has exactly this in it. */
  holds(workspacePath: string, content: Content): Promise<boolean>;
  /** The mesh, or undefined where there is none or the path leads out of the workspace. */
  find(workspacePath: string): Promise<StoredMesh | undefined>;
  /** Takes a mesh back, for good; with `content` only if it still has this in it. Idempotent. */
  withdraw(workspacePath: string, content?: Content): Promise<void>;
}

/** Everything a run has on disk. Any adapter must pass `run-files.contract.ts`. */
export interface RunFiles {
  readonly uploads: Uploads;
  readonly meshes: Meshes;
  /** Makes a private, empty directory for one attempt of a run and gives its absolute path. */
  workDir(runId: string): Promise<string>;
  /** Removes it with all that is in it. Idempotent. */
  removeWorkDir(runId: string): Promise<void>;
  /**
   * Removes what a crash left, all but the pictures named.
   *
   * @param olderThanMs where others work on these files too: what is younger may be on its way, and
   *   stays. Left out at the start of who works on them alone: nothing is on its way.
   */
  sweep(uploadsInUse: ReadonlySet<string>, olderThanMs?: number): Promise<void>;
}
