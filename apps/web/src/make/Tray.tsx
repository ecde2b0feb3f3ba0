import { ArrowRight, Camera, ImagePlus, ImageUp, Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import duck from "../../../../examples/duck.png";
import mug from "../../../../examples/mug.png";
import star from "../../../../examples/star.png";
import duckMesh from "./examples/duck-mesh.webp";
import mugMesh from "./examples/mug-mesh.webp";
import starMesh from "./examples/star-mesh.webp";
import { useWords } from "../messages/index.ts";
import { IconButton, useObjectUrl } from "../ui/parts.tsx";
import { looksLikePicture, type Picture, picturesOf } from "./draft.ts";
import { inBackground } from "../ui/background.ts";

const EXAMPLES = [
  { url: duck, mesh: duckMesh, name: "duck.png", label: "exampleDuck" },
  { url: mug, mesh: mugMesh, name: "mug.png", label: "exampleMug" },
  { url: star, mesh: starMesh, name: "star.png", label: "exampleStar" },
] as const;

/** Where pictures come in from everywhere on the page: dropped or pasted. */
function useIncoming(take: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const newest = useRef(take);
  useEffect(() => {
    newest.current = take;
  });
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      newest.current([...(event.dataTransfer?.files ?? [])]);
    };
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) newest.current(files);
    };
    window.addEventListener("dragover", onOver);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("drop", onDrop);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("drop", onDrop);
      window.removeEventListener("paste", onPaste);
    };
  }, []);
  return over;
}

function Thumbnail({ picture, onRemove }: { picture: Picture; onRemove: () => void }) {
  const t = useWords();
  const url = useObjectUrl(picture.thumbnail);
  return (
    <li className="tray-picture">
      {url ? (
        <img src={url} alt={picture.name} />
      ) : (
        <span className="no-thumbnail">{picture.name}</span>
      )}
      <IconButton icon={X} label={t("removeOne", { name: picture.name })} onClick={onRemove} />
    </li>
  );
}

interface TrayProps {
  readonly pictures: readonly Picture[];
  readonly onAdd: (pictures: readonly Picture[]) => void;
  readonly onRemove: (id: string) => void;
  readonly onClear: () => void;
}

/** The pictures to start from: dropped, pasted, chosen, photographed, or an example. */
export function Tray({ pictures, onAdd, onRemove, onClear }: TrayProps) {
  const t = useWords();
  const chooser = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState<string>();
  const take = (files: readonly File[]) => {
    const wrong = files.find((file) => !looksLikePicture(file));
    setRefused(wrong && t("notPicture", { name: wrong.name }));
    inBackground(picturesOf(files.filter(looksLikePicture)).then(onAdd));
  };
  const takeExample = async (url: string, name: string) => {
    const blob = await (await fetch(url)).blob();
    take([new File([blob], name, { type: blob.type })]);
  };
  const over = useIncoming(take);
  const onChosen = (input: HTMLInputElement) => {
    take([...(input.files ?? [])]);
    // The same file may be chosen again.
    input.value = "";
  };
  const isEmpty = pictures.length === 0;

  return (
    <div className="tray" data-empty={isEmpty}>
      {over && (
        <div className="drop-veil">
          <ImageUp aria-hidden="true" />
          <p>{t("dropNow")}</p>
        </div>
      )}
      <input
        ref={chooser}
        type="file"
        accept="image/*"
        multiple
        hidden
        data-role="chooser"
        onChange={({ currentTarget }) => onChosen(currentTarget)}
      />
      <input
        ref={camera}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        onChange={({ currentTarget }) => onChosen(currentTarget)}
      />
      {isEmpty ? (
        <div className="drop-zone">
          <ImagePlus aria-hidden="true" className="drop-icon" />
          <p className="drop-words">
            <strong>{t("dropHere")}</strong> <span>{t("orPaste")}</span>
          </p>
          <div className="drop-buttons">
            <button type="button" className="button" onClick={() => chooser.current?.click()}>
              {t("choose")}
            </button>
            <button
              type="button"
              className="button only-touch"
              onClick={() => camera.current?.click()}
            >
              <Camera aria-hidden="true" /> {t("photograph")}
            </button>
          </div>
        </div>
      ) : (
        <>
          <div className="tray-head">
            <h2>
              {t("pictures")}{" "}
              {pictures.length > 1 && <span className="count">{pictures.length}</span>}
            </h2>
            {pictures.length > 1 && (
              <button type="button" className="quiet" onClick={onClear}>
                {t("clear")}
              </button>
            )}
          </div>
          <ul className="tray-pictures" data-many={pictures.length > 1}>
            {pictures.map((picture) => (
              <Thumbnail key={picture.id} picture={picture} onRemove={() => onRemove(picture.id)} />
            ))}
            <li>
              <button type="button" className="tray-add" onClick={() => chooser.current?.click()}>
                <Plus aria-hidden="true" /> {t("addMore")}
              </button>
            </li>
          </ul>
        </>
      )}
      {refused && (
        <p className="problem" role="alert">
          {refused}
        </p>
      )}
      {isEmpty && (
        <div className="examples">
          <p>{t("examples")}</p>
          <ul>
            {EXAMPLES.map(({ url, mesh, name, label }) => (
              <li key={name}>
                <button type="button" onClick={() => inBackground(takeExample(url, name))}>
                  <img src={url} alt="" width="64" height="64" />
                  <ArrowRight aria-hidden="true" />
                  <img src={mesh} alt="" width="64" height="64" />
                  <span>{t(label)}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
