import { RotateCcw, SlidersHorizontal } from "lucide-react";
import { useRef, useState } from "react";

import { Result } from "../look/Result.tsx";
import type { ViewerHandle } from "../look/Viewer.tsx";
import type { Figures } from "../look/scene.ts";
import { useWords } from "../messages/index.ts";
import { type Entry, isActive, stateOf, timeOf } from "../runs/entry.ts";
import type { History } from "../runs/history.ts";
import type { Api, Offers } from "../server/api.ts";
import { CopyAs } from "../take/CopyAs.tsx";
import { TakeHome } from "../take/TakeHome.tsx";
import { useLoaded } from "../ui/parts.tsx";
import { Ended, Progress } from "./Progress.tsx";
import { inBackground } from "../ui/background.ts";

interface StageProps {
  readonly entry: Entry;
  readonly api: Api;
  readonly baseUrl: string;
  readonly history: History;
  readonly offers: Offers;
  readonly needsToken: boolean;
  readonly sizeMm: number;
  readonly onSize: (sizeMm: number) => void;
  readonly onCancel: () => Promise<string | undefined>;
  readonly onAgain: () => void;
  readonly onAgainWith: () => void;
  readonly onBeside: () => void;
}

/** The run that is looked at: how far it is, then what came of it. */
export function Stage(props: StageProps) {
  const { entry, api, history, offers, sizeMm, onSize, onAgain, onAgainWith } = props;
  const t = useWords();
  const viewer = useRef<ViewerHandle>(null);
  const [figures, setFigures] = useState<Figures>();
  const picture = useLoaded(() => history.picture(entry.pictureId), entry.pictureId);
  const state = stateOf(entry);
  const began = timeOf(entry, "started_at");
  const ended = timeOf(entry, "finished_at");
  const params = Object.entries(entry.params);

  if (isActive(entry))
    return <Progress entry={entry} picture={picture} onCancel={props.onCancel} />;
  if (state !== "done")
    return <Ended entry={entry} picture={picture} onAgain={onAgain} onAgainWith={onAgainWith} />;
  return (
    <>
      <Result
        {...{ entry, api, picture, figures, viewer }}
        sizeMm={offers.sizes ? sizeMm : undefined}
        onFigures={setFigures}
        onThumbnail={(small) => inBackground(history.keepThumbnail(entry.id, small))}
        onBeside={props.onBeside}
      />
      <div className="beneath">
        <TakeHome
          {...{ entry, api, offers, figures, sizeMm, onSize }}
          viewer={() => viewer.current}
        />
        <section className="panel made" aria-label={t("details")}>
          <dl>
            <div>
              <dt>{t("model")}</dt>
              <dd>{entry.modelName}</dd>
            </div>
            <div>
              <dt>{t("settings")}</dt>
              <dd>
                {params.length === 0
                  ? t("defaults")
                  : params.map(([name, value]) => `${name} ${String(value)}`).join(", ")}
              </dd>
            </div>
            {began !== undefined && ended !== undefined && (
              <div>
                <dt>{t("took")}</dt>
                <dd>{t.duration(ended - began)}</dd>
              </div>
            )}
          </dl>
          <div className="made-buttons">
            <button type="button" className="button" onClick={onAgainWith} disabled={!picture}>
              <SlidersHorizontal aria-hidden="true" /> {t("againWith")}
            </button>
            <button
              type="button"
              className="button quiet-button"
              onClick={onAgain}
              disabled={!picture}
            >
              <RotateCcw aria-hidden="true" /> {t("again")}
            </button>
          </div>
        </section>
        <CopyAs entry={entry} baseUrl={props.baseUrl} needsToken={props.needsToken} />
      </div>
    </>
  );
}
