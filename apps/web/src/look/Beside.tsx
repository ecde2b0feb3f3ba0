import { X } from "lucide-react";
import { useRef } from "react";

import { useWords } from "../messages/index.ts";
import type { Entry } from "../runs/entry.ts";
import type { Api } from "../server/api.ts";
import { IconButton } from "../ui/parts.tsx";
import type { Look, View } from "./scene.ts";
import { Viewer, type ViewerHandle } from "./Viewer.tsx";

/** More than this no screen shows well, and no browser draws smoothly. */
export const MOST_BESIDE = 4;
const LOOK: Look = { wireframe: false, plain: false, measure: null, turntable: false };

interface BesideProps {
  readonly entries: readonly Entry[];
  readonly api: Api;
  readonly onRemove: (id: string) => void;
  readonly onEnd: () => void;
}

/** Several meshes that turn together. */
export function Beside({ entries, api, onRemove, onEnd }: BesideProps) {
  const t = useWords();
  const viewers = useRef(new Map<string, ViewerHandle>());
  const turnOthers = (id: string, view: View) => {
    for (const [other, viewer] of viewers.current) if (other !== id) viewer.turnTo(view);
  };
  return (
    <div className="beside" data-count={entries.length}>
      <div className="beside-head">
        <p>{t("besideHint")}</p>
        <button type="button" className="button" onClick={onEnd}>
          {t("besideEnd")}
        </button>
      </div>
      <div className="beside-views">
        {entries.map((entry) => (
          <figure key={entry.id} data-backdrop="studio">
            <Viewer
              ref={(viewer) => {
                if (viewer) viewers.current.set(entry.id, viewer);
                else viewers.current.delete(entry.id);
              }}
              entry={entry}
              api={api}
              look={LOOK}
              onTurn={(view) => turnOthers(entry.id, view)}
            />
            <figcaption>
              <strong>{entry.modelName}</strong>
              <span>{describe(entry)}</span>
            </figcaption>
            <IconButton
              icon={X}
              label={t("besideRemove", { name: entry.pictureName })}
              onClick={() => onRemove(entry.id)}
            />
          </figure>
        ))}
      </div>
    </div>
  );
}

/** The params of a run in one line: what tells two results of one picture apart. */
function describe({ params, pictureName }: Entry): string {
  const said = Object.entries(params).map(([name, value]) => `${name} ${String(value)}`);
  return [pictureName, ...said].join(" · ");
}
