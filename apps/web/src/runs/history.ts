import { type DBSchema, openDB } from "idb";

import type { Entry } from "./entry.ts";

interface Schema extends DBSchema {
  entries: { key: string; value: Entry };
  pictures: { key: string; value: Blob };
  /** Small pictures: of a picture by its id, of a mesh by its entry's id. */
  thumbnails: { key: string; value: Blob };
}

type News =
  | { readonly kind: "put"; readonly entry: Entry }
  | { readonly kind: "gone"; readonly ids: string[] }
  | { readonly kind: "seen"; readonly id: string };

/** What this browser started, newest first. Kept in the browser, shared by its tabs. */
export interface History {
  entries(): readonly Entry[];
  subscribe(listener: () => void): () => void;
  put(entry: Entry): Promise<void>;
  /** Forgets entries here; their runs stay on the server. */
  forget(ids: readonly string[]): Promise<void>;
  picture(pictureId: string): Promise<Blob | undefined>;
  keepPicture(pictureId: string, picture: Blob, thumbnail: Blob | undefined): Promise<void>;
  thumbnail(id: string): Promise<Blob | undefined>;
  keepThumbnail(id: string, thumbnail: Blob): Promise<void>;
  /** Rises whenever an entry gets another thumbnail. */
  seen(id: string): number;
}

/** Opens the browser's own store. Throws where a browser has none, as some do in private windows. */
export async function openHistory(name = "modly-runs"): Promise<History> {
  const db = await openDB<Schema>(name, 1, {
    upgrade(fresh) {
      for (const store of ["entries", "pictures", "thumbnails"] as const)
        fresh.createObjectStore(store);
    },
  });
  const channel = new BroadcastChannel(name);
  const byId = new Map((await db.getAll("entries")).map((entry) => [entry.id, entry]));
  const seen = new Map<string, number>();
  const listeners = new Set<() => void>();
  let sorted: readonly Entry[] = [];
  const changed = () => {
    sorted = [...byId.values()].sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
    for (const listener of listeners) listener();
  };
  const apply = (news: News) => {
    if (news.kind === "put") byId.set(news.entry.id, news.entry);
    if (news.kind === "gone") for (const id of news.ids) byId.delete(id);
    if (news.kind === "seen") seen.set(news.id, (seen.get(news.id) ?? 0) + 1);
    changed();
  };
  const tell = (news: News) => {
    apply(news);
    channel.postMessage(news);
  };
  channel.addEventListener("message", ({ data }: MessageEvent<News>) => apply(data));
  changed();

  return {
    entries: () => sorted,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async put(entry) {
      tell({ kind: "put", entry });
      await db.put("entries", entry, entry.id);
    },
    async forget(ids) {
      const pictures = new Set(ids.flatMap((id) => byId.get(id)?.pictureId ?? []));
      const news: News = { kind: "gone", ids: [...ids] };
      apply(news);
      for (const { pictureId } of byId.values()) pictures.delete(pictureId);
      const change = db.transaction(["entries", "pictures", "thumbnails"], "readwrite");
      await Promise.all([
        ...ids.map((id) => change.objectStore("entries").delete(id)),
        ...[...ids, ...pictures].map((id) => change.objectStore("thumbnails").delete(id)),
        ...[...pictures].map((id) => change.objectStore("pictures").delete(id)),
        change.done,
      ]);
      // Said when it is certain: a page that is left before the end of a transaction takes it back.
      channel.postMessage(news);
    },
    picture: (pictureId) => db.get("pictures", pictureId),
    async keepPicture(pictureId, picture, thumbnail) {
      const change = db.transaction(["pictures", "thumbnails"], "readwrite");
      await Promise.all([
        change.objectStore("pictures").put(picture, pictureId),
        thumbnail && change.objectStore("thumbnails").put(thumbnail, pictureId),
        change.done,
      ]);
    },
    thumbnail: (id) => db.get("thumbnails", id),
    async keepThumbnail(id, thumbnail) {
      await db.put("thumbnails", thumbnail, id);
      tell({ kind: "seen", id });
    },
    seen: (id) => seen.get(id) ?? 0,
  };
}
