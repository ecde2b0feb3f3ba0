import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { Beside, MOST_BESIDE } from "../look/Beside.tsx";
import { useThumbnails } from "../look/use-thumbnails.ts";
import { Composer, type Order } from "../make/Composer.tsx";
import { useDraft } from "../make/draft.ts";
import { preferredLanguage, WordsContext, wordsIn } from "../messages/index.ts";
import { type Engine, startEngine } from "../runs/engine.ts";
import { type Entry, newId, stateOf } from "../runs/entry.ts";
import type { History } from "../runs/history.ts";
import { createApi } from "../server/api.ts";
import { useServer } from "../server/use-server.ts";
import { Announcer } from "./Announcer.tsx";
import { Gallery } from "./Gallery.tsx";
import { Header } from "./Header.tsx";
import { tokenStore, usePreferences } from "./preferences.ts";
import { Stage } from "./Stage.tsx";
import { TokenDialog } from "./TokenDialog.tsx";
import { inBackground } from "../ui/background.ts";

const BASE_URL = location.origin;

/** The entry that the address names, so that a reload comes back to it. */
function useOpenId() {
  const read = () => /^#run=(\w+)$/.exec(location.hash)?.[1];
  const [id, setId] = useState(read);
  useEffect(() => {
    const look = () => setId((old) => read() ?? old);
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);
  const open = (next: string | undefined) => {
    history.replaceState(null, "", next === undefined ? location.pathname : `#run=${next}`);
    setId(next);
  };
  return [id, open] as const;
}

/** The whole page. */
export function App({ history }: { history: History }) {
  const [preferences, prefer] = usePreferences();
  const language = preferredLanguage(preferences.language, navigator.languages);
  const t = useMemo(() => wordsIn(language), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  const [token, setToken] = useState(tokenStore.read);
  const [locked, setLocked] = useState(false);
  const [reached, setReached] = useState(true);
  const api = useMemo(() => createApi(BASE_URL, token), [token]);
  const facts = useServer(api, reached);
  const entries = useSyncExternalStore(history.subscribe, history.entries);
  useThumbnails(entries, api, history);
  const book = useDraft();
  const [openId, open] = useOpenId();
  const [beside, setBeside] = useState<readonly string[]>();
  const engine = useRef<Engine>(undefined);
  const shown = useRef<string>(undefined);
  const stage = useRef<HTMLElement>(null);

  const opened = entries.find(({ id }) => id === openId) ?? entries[0];
  const openedId = opened?.id;

  const isLocked = locked || facts.reach === "locked";
  useEffect(() => {
    if (isLocked) return;
    const started = startEngine({
      history,
      api,
      onLocked: () => setLocked(true),
      onReach: setReached,
    });
    engine.current = started;
    started.focus(shown.current);
    return () => started.stop();
  }, [api, history, isLocked]);
  useEffect(() => {
    shown.current = openedId;
    engine.current?.focus(openedId);
  }, [openedId]);

  const giveToken = (given: string | undefined) => {
    tokenStore.keep(given);
    setToken(given);
    setLocked(false);
  };

  const start = async ({ pictures, modelId, modelName, params }: Order) => {
    const at = Date.now();
    const started = pictures.map((picture, index): Entry => ({
      id: newId(),
      // The first of many is made first.
      startedAt: at + index / 1000,
      pictureId: picture.id,
      pictureName: picture.name,
      modelId,
      modelName,
      params,
      runId: null,
      run: null,
      refused: null,
      lost: false,
    }));
    book.clear();
    for (const { id, blob, thumbnail } of pictures) await history.keepPicture(id, blob, thumbnail);
    for (const entry of started) await history.put(entry);
    setBeside(undefined);
    open(started[0]?.id);
    stage.current?.scrollIntoView({ block: "start" });
  };
  const pictureOf = async (entry: Entry) => {
    const [blob, thumbnail] = await Promise.all([
      history.picture(entry.pictureId),
      history.thumbnail(entry.pictureId),
    ]);
    return blob && { id: entry.pictureId, name: entry.pictureName, blob, thumbnail };
  };
  const again = async (entry: Entry) => {
    const picture = await pictureOf(entry);
    if (picture) await start({ ...entry, pictures: [picture] });
  };
  const againWith = async (entry: Entry) => {
    const picture = await pictureOf(entry);
    if (!picture) return;
    book.restart(picture, entry.modelId, entry.params);
    document.querySelector(".composer")?.scrollIntoView({ block: "start" });
    document.querySelector<HTMLElement>(".composer input:checked")?.focus();
  };
  const toggleBeside = (id: string) =>
    setBeside((old = []) =>
      old.includes(id) ? old.filter((each) => each !== id) : [...old, id].slice(0, MOST_BESIDE),
    );

  const isFresh = entries.length === 0;
  const besides = (beside ?? []).flatMap((id) => {
    const entry = entries.find((each) => each.id === id);
    return entry && stateOf(entry) === "done" ? [entry] : [];
  });

  return (
    <WordsContext value={t}>
      {opened && (
        <a className="skip" href="#result">
          {t("skip")}
        </a>
      )}
      <Header
        {...{ facts, preferences, language }}
        hasToken={token !== undefined}
        onPrefer={prefer}
        onForgetToken={() => giveToken(undefined)}
      />
      {facts.reach === "away" && (
        <p className="banner" role="status">
          {t("away")}
        </p>
      )}
      <main className="page" data-fresh={isFresh}>
        <section className="make" aria-labelledby="make-title">
          <div className="hello">
            <h1 id="make-title">{t("title")}</h1>
            <p>{t("lead")}</p>
          </div>
          <Composer
            api={api}
            book={book}
            models={facts.models}
            onStart={(order) => inBackground(start(order))}
          />
        </section>
        {opened && (
          <section
            className="stage"
            id="result"
            ref={stage}
            tabIndex={-1}
            aria-label={opened.pictureName}
          >
            {beside ? (
              <Beside
                entries={besides}
                api={api}
                onRemove={toggleBeside}
                onEnd={() => setBeside(undefined)}
              />
            ) : (
              <Stage
                key={opened.id}
                entry={opened}
                baseUrl={BASE_URL}
                {...{ api, history }}
                offers={facts.offers}
                needsToken={token !== undefined}
                sizeMm={preferences.sizeMm}
                onSize={(sizeMm) => prefer({ sizeMm })}
                onCancel={async () => (await engine.current?.cancel(opened))?.message}
                onAgain={() => inBackground(again(opened))}
                onAgainWith={() => inBackground(againWith(opened))}
                onBeside={() => setBeside([opened.id])}
              />
            )}
          </section>
        )}
        <Gallery
          entries={entries}
          history={history}
          openId={openedId}
          beside={beside}
          onOpen={open}
          onToggleBeside={toggleBeside}
          onForget={(ids) => inBackground(history.forget(ids))}
        />
      </main>
      <Announcer entries={entries} openId={openedId} />
      {isLocked && <TokenDialog wasWrong={token !== undefined} onToken={giveToken} />}
    </WordsContext>
  );
}
