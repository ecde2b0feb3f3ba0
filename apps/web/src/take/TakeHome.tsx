import { Download, Image as ImageIcon } from "lucide-react";
import { useId, useState } from "react";

import type { ViewerHandle } from "../look/Viewer.tsx";
import type { Figures } from "../look/scene.ts";
import { type MessageKey, useWords } from "../messages/index.ts";
import type { Entry } from "../runs/entry.ts";
import type { Api, Offers } from "../server/api.ts";
import { Spinner } from "../ui/parts.tsx";
import { save, stemOf } from "./save.ts";
import { inBackground } from "../ui/background.ts";

/** What each format is good for, the most wanted first; one that is not in here is offered after them. */
const PURPOSE: Partial<Record<string, MessageKey>> = {
  glb: "formatGlb",
  stl: "formatStl",
  "3mf": "format3mf",
  obj: "formatObj",
  ply: "formatPly",
};

interface TakeHomeProps {
  readonly entry: Entry;
  readonly api: Api;
  readonly offers: Offers;
  readonly figures: Figures | undefined;
  readonly sizeMm: number;
  readonly onSize: (sizeMm: number) => void;
  readonly viewer: () => ViewerHandle | null;
}

/** Every way to take a mesh with one. */
export function TakeHome(props: TakeHomeProps) {
  const { entry, api, offers, figures, sizeMm, onSize, viewer } = props;
  const t = useWords();
  const id = useId();
  const [busy, setBusy] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const stem = stemOf(entry.pictureName);
  const { run } = entry;
  if (run?.status !== "done") return null;
  const path = run.scene_candidate.workspace_path;
  const isSizeRight = Number.isFinite(sizeMm) && sizeMm > 0 && sizeMm <= 10_000;

  const guarded = async (what: string, work: () => Promise<string | undefined>) => {
    setBusy(what);
    setProblem(await work().catch((cause: unknown) => String(cause)));
    setBusy(undefined);
  };
  /** The mesh as it is needs no export: every server has it under `/workspace`. */
  const takeWhole = () =>
    guarded("glb", async () => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      const into = new WritableStream<Uint8Array>({
        write: (chunk) => void chunks.push(chunk as Uint8Array<ArrayBuffer>),
      });
      const fetched = await api.download(run, into);
      if (!fetched.ok) return fetched.failure.message;
      const ending = /\.\w+$/.exec(path)?.[0] ?? ".glb";
      save(new Blob(chunks, { type: "model/gltf-binary" }), stem + ending);
      return undefined;
    });
  const takeAs = (format: string) =>
    guarded(format, async () => {
      const made = await api.exportMesh(path, format, offers.sizes ? sizeMm : undefined);
      if (!made.ok) return made.failure.message;
      save(made.value, `${stem}.${format}`);
      return undefined;
    });
  const takeView = () =>
    guarded("view", async () => {
      const picture = await viewer()?.picture(2048);
      if (picture) save(picture, `${stem}-view.png`);
      return undefined;
    });

  const offered = new Set(["glb", ...offers.formats]);
  const formats = [...new Set([...Object.keys(PURPOSE), ...offered])].filter((format) =>
    offered.has(format),
  );
  return (
    <section className="panel take" aria-labelledby={id}>
      <div className="take-head">
        <h2 id={id}>{t("takeHome")}</h2>
        {offers.sizes && (
          <div className="size">
            <label htmlFor={`${id}-size`}>{t("longest")}</label>
            <span className="size-input">
              <input
                id={`${id}-size`}
                type="number"
                min={1}
                max={10_000}
                step="any"
                inputMode="decimal"
                aria-invalid={!isSizeRight}
                value={Number.isFinite(sizeMm) ? sizeMm : ""}
                onChange={({ target }) => onSize(target.valueAsNumber)}
              />
              mm
            </span>
          </div>
        )}
      </div>
      <ul className="formats">
        {formats.map((format) => {
          const purpose = PURPOSE[format];
          return (
            <li key={format}>
              <button
                type="button"
                className="format"
                disabled={busy !== undefined || (format !== "glb" && !isSizeRight)}
                onClick={() => inBackground(format === "glb" ? takeWhole() : takeAs(format))}
              >
                {busy === format ? <Spinner /> : <Download aria-hidden="true" />}
                <strong>{format.toUpperCase()}</strong>
                {purpose && <span>{t(purpose)}</span>}
              </button>
            </li>
          );
        })}
        <li>
          <button
            type="button"
            className="format"
            disabled={busy !== undefined || !figures}
            onClick={() => inBackground(takeView())}
          >
            <ImageIcon aria-hidden="true" />
            <strong>PNG</strong>
            <span>{t("asPicture")}</span>
          </button>
        </li>
      </ul>
      {problem && (
        <p className="problem" role="alert">
          {t("failedDownload", { why: problem })}
        </p>
      )}
    </section>
  );
}
