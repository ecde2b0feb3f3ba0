import type { Readable } from "node:stream";

/** A picture on its way in: on disk and flushed, not yet anybody's. */
export interface ReceivedUpload {
  readonly key: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
}

/** A mesh that can be served. */
export interface StoredMesh {
  /** Absolute path, inside the workspace, no link on the way. */
  readonly file: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
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
  /** Absolute path of the picture. */
  pathOf(key: string): string;
  /** Idempotent. */
  remove(key: string): Promise<void>;
}

/** Finished meshes by their path in the workspace, `<collection>/<file>`. */
export interface Meshes {
  /**
   * Puts a file in its place at once: flushed, then renamed, never half there. The same bytes in
   * place already are fine; other bytes are `taken`.
   */
  publish(file: string, workspacePath: string): Promise<PublishOutcome>;
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
  /** At start: removes what a crash left, all but the pictures named. */
  sweep(uploadsInUse: ReadonlySet<string>): Promise<void>;
}
