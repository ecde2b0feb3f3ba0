import { useState } from "react";

import { newId } from "../runs/entry.ts";
import { thumbnailOf } from "../runs/thumbnail.ts";

/** A picture that is ready to be sent. */
export interface Picture {
  readonly id: string;
  readonly name: string;
  readonly blob: Blob;
  readonly thumbnail: Blob | undefined;
}

/** The params that differ from a model's defaults. */
export type Changes = Readonly<Record<string, unknown>>;

/** What somebody is about to start. */
export interface Draft {
  readonly pictures: readonly Picture[];
  /** Undefined until somebody chose: then it is the server's own choice. */
  readonly modelId: string | undefined;
  /** By model, so that looking at another one loses nothing. */
  readonly changes: Readonly<Record<string, Changes>>;
}

export const EMPTY: Draft = { pictures: [], modelId: undefined, changes: {} };

/** Some systems give pictures no type; the server looks at the bytes in any case. */
export function looksLikePicture({ type, name }: File): boolean {
  return type.startsWith("image/") || (type === "" && /\.(heic|heif|avif|webp|tiff?)$/i.test(name));
}

/** Reads files into pictures. */
export async function picturesOf(files: readonly File[]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const file of files) {
    // A copy, because a file on a phone's camera roll may be gone when it is sent.
    const blob = new Blob([await file.arrayBuffer()], { type: file.type });
    const name = file.name || "image.png";
    pictures.push({ id: newId(), name, blob, thumbnail: await thumbnailOf(blob) });
  }
  return pictures;
}

export function useDraft() {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  return {
    draft,
    add: (pictures: readonly Picture[]) =>
      setDraft((old) => ({ ...old, pictures: [...old.pictures, ...pictures] })),
    remove: (id: string) =>
      setDraft((old) => ({ ...old, pictures: old.pictures.filter((each) => each.id !== id) })),
    clear: () => setDraft((old) => ({ ...old, pictures: [] })),
    choose: (modelId: string) => setDraft((old) => ({ ...old, modelId })),
    change: (modelId: string, changes: Changes) =>
      setDraft((old) => ({ ...old, changes: { ...old.changes, [modelId]: changes } })),
    /** Begins anew with one picture and what it was made with. */
    restart: (picture: Picture, modelId: string, changes: Changes) =>
      setDraft((old) => ({
        pictures: [picture],
        modelId,
        changes: { ...old.changes, [modelId]: changes },
      })),
  };
}

export type DraftBook = ReturnType<typeof useDraft>;
