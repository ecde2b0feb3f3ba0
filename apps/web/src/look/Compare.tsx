import { useEffect, useRef, useState } from "react";

import { useWords } from "../messages/index.ts";
import { useLoaded, useObjectUrl } from "../ui/parts.tsx";
import { madeInto, motifOf, WHOLE } from "./foreground.ts";
import type { Outline } from "./scene.ts";

interface CompareProps {
  /** Also tells pictures apart. */
  readonly name: string;
  readonly picture: Blob;
  /** How much of the view the mesh covers, seen from the front. */
  readonly outline: Outline | undefined;
}

/** The picture over the mesh, up to a line that can be moved; what it shows lies where the mesh does. */
export function Compare({ name, picture, outline }: CompareProps) {
  const t = useWords();
  const over = useRef<HTMLDivElement>(null);
  const [share, setShare] = useState(50);
  const url = useObjectUrl(picture);
  const motif = useLoaded(() => motifOf(picture), name);
  useEffect(() => {
    const style = over.current?.style;
    style?.setProperty("--share", String(share / 100));
    if (!outline || !motif) return;
    const part = outline.width > 0 ? madeInto(motif, outline.aspect) : WHOLE;
    style?.setProperty("--height", String(outline.height / part.height));
    style?.setProperty("--middle-x", `${-100 * (part.left + part.width / 2)}%`);
    style?.setProperty("--middle-y", `${-100 * (part.top + part.height / 2)}%`);
  }, [share, outline, motif]);
  return (
    <div className="compare" ref={over}>
      <div className="compare-picture">{url && <img src={url} alt={name} />}</div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label={t("compareAt")}
        onChange={({ target }) => setShare(Number(target.value))}
      />
    </div>
  );
}
