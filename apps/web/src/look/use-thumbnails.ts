import { useEffect, useRef } from "react";

import { type Entry, isActive, stateOf } from "../runs/entry.ts";
import type { History } from "../runs/history.ts";
import type { Api } from "../server/api.ts";
import { inBackground } from "../ui/background.ts";
import { meshOf } from "./mesh-bytes.ts";

/** Runs that are looked after, newest first: about what a window shows of them. */
const NEWEST = 12;
const SIDE = 320;

async function thumbnailOf(api: Api, entry: Entry, signal: AbortSignal): Promise<Blob | null> {
  if (!entry.run) return null;
  const mesh = await meshOf(api, entry.run, signal);
  if (!mesh.ok || signal.aborted) return null;
  const { showMesh } = await import("./scene.ts");
  const canvas = document.createElement("canvas");
  document.createElement("div").append(canvas);
  // What can't be shown keeps its picture.
  const view = await showMesh(canvas, mesh.value).catch(() => undefined);
  const small = (await view?.picture(SIDE, 1)) ?? null;
  view?.dispose();
  return small;
}

/** Draws meshes that nobody opened yet for the history, one by one, once nothing else is to be done. */
export function useThumbnails(entries: readonly Entry[], api: Api, history: History): void {
  const tried = useRef(new Set<string>());
  const isQuiet = !entries.some(isActive);
  // Changes of other kinds are no reason to begin anew.
  const done = entries
    .slice(0, NEWEST)
    .filter((entry) => stateOf(entry) === "done")
    .map(({ id }) => id)
    .join(" ");
  const newest = useRef(entries);
  useEffect(() => {
    newest.current = entries;
  });
  useEffect(() => {
    if (!isQuiet || done === "") return;
    const left = new AbortController();
    const drawAll = async () => {
      // The one that is open draws its own, and comes first.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      for (const id of done.split(" ")) {
        if (left.signal.aborted || document.visibilityState === "hidden") return;
        const entry = newest.current.find((each) => each.id === id);
        if (!entry || tried.current.has(id) || (await history.thumbnail(id))) continue;
        const small = await thumbnailOf(api, entry, left.signal);
        if (left.signal.aborted) return;
        tried.current.add(id);
        if (small) await history.keepThumbnail(id, small);
      }
    };
    inBackground(drawAll());
    return () => left.abort();
  }, [done, isQuiet, api, history]);
}
