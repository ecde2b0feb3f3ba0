import {
  Box as Cube,
  Columns2,
  Contrast,
  Grid3x3,
  Maximize,
  Minimize,
  PackageOpen,
  Rotate3d,
  Ruler,
  SplitSquareHorizontal,
} from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { useWords } from "../messages/index.ts";
import type { Entry } from "../runs/entry.ts";
import type { Api } from "../server/api.ts";
import { IconButton } from "../ui/parts.tsx";
import { Compare } from "./Compare.tsx";
import type { Figures, Outline } from "./scene.ts";
import { Viewer, type ViewerHandle } from "./Viewer.tsx";

const PLAIN = { wireframe: false, plain: false, measure: false, turntable: false };
/** Who has turned one mesh knows how. */
let hasEverTurned = false;
const BACKDROPS = ["studio", "light", "dark"] as const;

/** Whether `element` fills the screen, and how to change that. */
function useFullscreen(element: () => HTMLElement | null) {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const look = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, []);
  const toggle = () => {
    // Refused in some frames; then the view stays as it is.
    const done = isFull ? document.exitFullscreen() : element()?.requestFullscreen();
    done?.catch(() => undefined);
  };
  return { isFull, toggle, isOffered: document.fullscreenEnabled };
}

interface ResultProps {
  readonly entry: Entry;
  readonly api: Api;
  readonly picture: Blob | undefined;
  readonly sizeMm: number | undefined;
  readonly figures: Figures | undefined;
  readonly onFigures: (figures: Figures) => void;
  readonly onThumbnail: (picture: Blob) => void;
  readonly onBeside: () => void;
  readonly viewer: React.RefObject<ViewerHandle | null>;
}

/** A finished mesh, to be turned and looked at from all sides. */
export function Result(props: ResultProps) {
  const { entry, api, picture, sizeMm, figures, onFigures, onThumbnail, onBeside, viewer } = props;
  const t = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const [look, setLook] = useState(PLAIN);
  const [backdrop, setBackdrop] = useState(0);
  const [isCompared, setCompared] = useState(false);
  const [outline, setOutline] = useState<Outline>();
  const [hasTurned, setTurned] = useState(hasEverTurned);
  const full = useFullscreen(() => frame.current);
  const toggle = (name: keyof typeof PLAIN) => setLook((old) => ({ ...old, [name]: !old[name] }));

  const longest = figures && Math.max(figures.size.x, figures.size.y, figures.size.z);
  // Without a size that was asked for, a file says metres.
  const scale = longest ? (sizeMm === undefined ? 1000 : sizeMm / longest) : 1;
  const mm = (length: number) => t.number(length * scale, length * scale < 10 ? 1 : 0);
  const lengths = figures
    ? [figures.size.x, figures.size.y, figures.size.z].map((side) => `${mm(side)} mm`)
    : [];

  return (
    <div className="result" data-backdrop={BACKDROPS[backdrop]} ref={frame}>
      <Viewer
        ref={viewer}
        look={{ ...look, measure: look.measure ? lengths : null }}
        onOutline={setOutline}
        onTurn={() => {
          hasEverTurned = true;
          setTurned(true);
        }}
        {...{ entry, api, onFigures, onThumbnail }}
      />
      {isCompared && picture && (
        <Compare name={entry.pictureName} picture={picture} outline={outline} />
      )}
      {figures && !hasTurned && !isCompared && (
        <p className="turn-hint" aria-hidden="true">
          <Rotate3d /> {t("turnHint")}
        </p>
      )}
      {figures && (
        <p className="figures">
          <span>
            {t("size", {
              x: mm(figures.size.x),
              y: mm(figures.size.y),
              z: mm(figures.size.z),
            })}
          </span>
          <span>{t("triangles", { count: t.number(figures.triangles) })}</span>
        </p>
      )}
      <div className="toolbar" role="toolbar" aria-label={t("viewer", { name: entry.pictureName })}>
        <IconButton
          icon={SplitSquareHorizontal}
          label={t("compare")}
          pressed={isCompared}
          disabled={!picture}
          onClick={() => {
            if (!isCompared) viewer.current?.front();
            setCompared(!isCompared);
          }}
        />
        <IconButton
          icon={Grid3x3}
          label={t("wireframe")}
          pressed={look.wireframe}
          onClick={() => toggle("wireframe")}
        />
        <IconButton
          icon={PackageOpen}
          label={t("plain")}
          pressed={look.plain}
          onClick={() => toggle("plain")}
        />
        <IconButton
          icon={Ruler}
          label={t("measure")}
          pressed={look.measure}
          onClick={() => toggle("measure")}
        />
        <IconButton
          icon={Rotate3d}
          label={t("turntable")}
          pressed={look.turntable}
          onClick={() => toggle("turntable")}
        />
        <IconButton icon={Cube} label={t("front")} onClick={() => viewer.current?.front()} />
        <IconButton
          icon={Contrast}
          label={t("backdrop")}
          onClick={() => setBackdrop((backdrop + 1) % BACKDROPS.length)}
        />
        <IconButton icon={Columns2} label={t("beside")} onClick={onBeside} />
        {full.isOffered && (
          <IconButton
            icon={full.isFull ? Minimize : Maximize}
            label={t(full.isFull ? "leaveFullscreen" : "fullscreen")}
            onClick={full.toggle}
          />
        )}
      </div>
    </div>
  );
}
