import { type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";

import { useWords } from "../messages/index.ts";
import type { Entry } from "../runs/entry.ts";
import type { Api } from "../server/api.ts";
import { Spinner } from "../ui/parts.tsx";
import { meshOf } from "./mesh-bytes.ts";
import type { Figures, Look, MeshView, Outline, View } from "./scene.ts";

export interface ViewerHandle {
  front(): void;
  turnTo(view: View): void;
  picture(width: number): Promise<Blob | null>;
}

interface ViewerProps {
  readonly entry: Entry;
  readonly api: Api;
  readonly look: Look;
  readonly ref?: Ref<ViewerHandle>;
  readonly onFigures?: (figures: Figures) => void;
  readonly onTurn?: (view: View) => void;
  readonly onOutline?: (outline: Outline) => void;
  /** Gets a small picture of the mesh when it is first shown. */
  readonly onThumbnail?: (picture: Blob) => void;
}

type Phase = "mesh" | "viewer" | "shown" | { readonly why: string };

/** One mesh on a canvas. Fetches it, then the code that shows it. */
export function Viewer({ entry, api, look, ref, ...listeners }: ViewerProps) {
  const t = useWords();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<MeshView>(undefined);
  const [phase, setPhase] = useState<Phase>("mesh");
  const label = t("viewer", { name: entry.pictureName });
  // The newest of what was handed in, for callbacks that outlive a drawing of this component.
  const latest = useRef({ look, label, ...listeners });
  useEffect(() => {
    latest.current = { look, label, ...listeners };
    view.current?.look(look);
    place.current?.firstElementChild?.setAttribute("aria-label", label);
  });
  useImperativeHandle(ref, () => ({
    front: () => view.current?.front(),
    turnTo: (to) => view.current?.turnTo(to),
    picture: async (width) => (await view.current?.picture(width)) ?? null,
  }));

  // A run that is done never changes, so nothing but its id brings another mesh.
  const run = useRef(entry.run);
  const runId = entry.runId;
  useEffect(() => {
    run.current = entry.run;
  });
  useEffect(() => {
    const left = new AbortController();
    // A canvas of its own for each mesh: a context that was given back can't be had again.
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", latest.current.label);
    place.current?.replaceChildren(canvas);
    const show = async () => {
      if (!run.current) return;
      setPhase("mesh");
      const mesh = await meshOf(api, run.current, left.signal);
      if (left.signal.aborted) return;
      if (!mesh.ok) return setPhase({ why: mesh.failure.message });
      setPhase("viewer");
      const { showMesh } = await import("./scene.ts");
      if (left.signal.aborted) return;
      const shown = await showMesh(canvas, mesh.value, {
        onTurn: (view) => latest.current.onTurn?.(view),
        onOutline: (outline) => latest.current.onOutline?.(outline),
      });
      if (left.signal.aborted) return shown.dispose();
      view.current = shown;
      shown.look(latest.current.look);
      latest.current.onFigures?.(shown.figures);
      setPhase("shown");
      const small = latest.current.onThumbnail && (await shown.picture(320, 1));
      if (small && !left.signal.aborted) latest.current.onThumbnail?.(small);
    };
    show().catch((cause: unknown) => {
      if (!left.signal.aborted)
        setPhase({ why: cause instanceof Error ? cause.message : String(cause) });
    });
    return () => {
      left.abort();
      view.current?.dispose();
      view.current = undefined;
      canvas.remove();
    };
  }, [api, runId]);

  return (
    <div className="viewer" data-phase={typeof phase === "string" ? phase : "failed"}>
      <div className="viewer-canvas" ref={place} />
      {(phase === "mesh" || phase === "viewer") && (
        <p className="viewer-note">
          <Spinner /> {t(phase === "mesh" ? "loadingMesh" : "loadingViewer")}
        </p>
      )}
      {typeof phase !== "string" && (
        <p className="viewer-note" role="alert">
          {t("meshUnseen", { why: phase.why })}
        </p>
      )}
    </div>
  );
}
