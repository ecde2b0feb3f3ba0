import { BookOpen, Settings2 } from "lucide-react";

import { LANGUAGES, type Language, type Words, useWords } from "../messages/index.ts";
import type { ServerFacts } from "../server/use-server.ts";
import { Popover } from "../ui/parts.tsx";
import type { Preferences } from "./preferences.ts";

const GIB = 1024 ** 3;

function wordOf({ reach, health }: ServerFacts, t: Words): string {
  if (reach === "away") return t("away");
  if (reach === "locked") return t("locked");
  const waiting = (health as Record<string, unknown> | undefined)?.["queue"];
  return typeof waiting === "number" && waiting > 0
    ? t("busy", { count: t.number(waiting) })
    : t("ready");
}

/** What the server tells of itself; what it does not tell is not shown. */
function Facts({ facts }: { facts: ServerFacts }) {
  const t = useWords();
  const { health, models } = facts;
  const more = (health ?? {}) as Record<string, unknown>;
  const rows: (readonly [string, string])[] = [];
  if (health) rows.push([t("version"), health.version]);
  if (models) {
    const ready = models.filter(({ downloaded }) => downloaded).length;
    rows.push([t("models"), t("modelsReady", { ready, count: models.length })]);
  }
  if (typeof more["queue"] === "number") rows.push([t("queue"), t.number(more["queue"])]);
  if (typeof more["disk_free_bytes"] === "number")
    rows.push([t("disk"), `${t.number(more["disk_free_bytes"] / GIB, 1)} GiB`]);
  if (rows.length === 0) return null;
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface HeaderProps {
  readonly facts: ServerFacts;
  readonly hasToken: boolean;
  readonly preferences: Preferences;
  readonly language: Language;
  readonly onPrefer: (change: Partial<Preferences>) => void;
  readonly onForgetToken: () => void;
}

/** Name, server, appearance. */
export function Header(props: HeaderProps) {
  const { facts, hasToken, preferences, language, onPrefer, onForgetToken } = props;
  const t = useWords();
  const word = wordOf(facts, t);
  return (
    <header className="header">
      <a className="brand" href="/">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>modly-runs</span>
      </a>
      <div className="header-right">
        {facts.reach !== "asking" && (
          <Popover
            className="status"
            name={`${t("server")}: ${word}`}
            label={
              <>
                <span className="dot" data-reach={facts.reach} />
                <span className="status-word">{word}</span>
              </>
            }
          >
            <h2>{t("server")}</h2>
            <p>{word}</p>
            <Facts facts={facts} />
            {hasToken && (
              <button type="button" className="button" onClick={onForgetToken}>
                {t("forgetToken")}
              </button>
            )}
          </Popover>
        )}
        {facts.offers.described && (
          <a className="icon-button" href="/docs" aria-label={t("docs")} title={t("docs")}>
            <BookOpen aria-hidden="true" />
          </a>
        )}
        <Popover
          name={t("theme")}
          label={
            <span className="icon-button">
              <Settings2 aria-hidden="true" />
            </span>
          }
        >
          <label className="field">
            {t("theme")}
            <select
              value={preferences.theme}
              onChange={({ target }) => onPrefer({ theme: target.value as Preferences["theme"] })}
            >
              <option value="system">{t("themeSystem")}</option>
              <option value="light">{t("themeLight")}</option>
              <option value="dark">{t("themeDark")}</option>
            </select>
          </label>
          <label className="field">
            {t("language")}
            <select
              value={language}
              onChange={({ target }) => onPrefer({ language: target.value })}
            >
              {Object.entries(LANGUAGES).map(([code, name]) => (
                <option key={code} value={code} lang={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </Popover>
      </div>
    </header>
  );
}
