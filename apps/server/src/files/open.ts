import path from "node:path";
import { fileURLToPath } from "node:url";

import { CannotStart } from "../cannot-start.ts";
import { createDirectoryFiles } from "./directory.ts";
import type { RunFiles } from "./run-files.ts";
import { readS3Address } from "./s3/address.ts";

export interface FilesPlaces {
  /** This node's own: what it works on. */
  readonly dataDir: string;
  readonly workspaceDir: string;
  /** True where meshes go into that directory wherever pictures are. */
  readonly hasOwnWorkspace: boolean;
  /** Where all nodes find them; null where there are no others. */
  readonly filesUrl: string | null;
}

/** A bucket's files, with what they need loaded now that somebody asks for it. */
async function openBucketFiles(own: RunFiles, filesUrl: string): Promise<RunFiles> {
  const address = readS3Address(filesUrl);
  if (typeof address === "string") throw new CannotStart(`--files-url ${address}.`);
  const { createS3Files } = await import("./s3/index.ts");
  return createS3Files(own, address).catch((cause: Error) => {
    throw new CannotStart(
      `The bucket ${address.bucket} can't be used. ${cause.message} Look at --files-url.`,
    );
  });
}

async function openSharedDirectory(filesUrl: string): Promise<RunFiles> {
  const directory = filesUrl.startsWith("file:") ? fileURLToPath(filesUrl) : path.resolve(filesUrl);
  const workspaceDir = path.join(directory, "workspace");
  return createDirectoryFiles({ dataDir: directory, workspaceDir });
}

/**
 * The files of a node: its own, or those that it shares with others. Working directories are its own.
 *
 * @throws CannotStart with a sentence for a person
 */
export async function openFiles(places: FilesPlaces): Promise<RunFiles> {
  const { dataDir, workspaceDir, hasOwnWorkspace, filesUrl } = places;
  try {
    const own = await createDirectoryFiles({ dataDir, workspaceDir });
    if (filesUrl === null) return own;
    // What is here was this node's work when it was started before.
    await own.sweep(new Set());
    const shared = filesUrl.startsWith("s3:")
      ? await openBucketFiles(own, filesUrl)
      : await openSharedDirectory(filesUrl);
    const { uploads, sweep } = shared;
    return { ...own, uploads, sweep, meshes: hasOwnWorkspace ? own.meshes : shared.meshes };
  } catch (cause) {
    if (cause instanceof CannotStart) throw cause;
    throw new CannotStart(`The directories can't be made: ${(cause as Error).message}.`);
  }
}
