import { createContext, useContext } from "react";

import { de } from "./de.ts";
import { en, type MessageKey } from "./en.ts";

export type { MessageKey } from "./en.ts";

/** The languages there are: a new one is a file with the keys of `en.ts` and a line here. */
const CATALOGUES = { en, de } satisfies Record<string, Record<MessageKey, string>>;

export type Language = keyof typeof CATALOGUES;
export const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch" };

type Values = Readonly<Record<string, string | number>>;

/** Says something in the language of the page. */
export interface Words {
  readonly language: Language;
  (key: MessageKey, values?: Values): string;
  /** A number as people of this language write it. */
  number(value: number, digits?: number): string;
  duration(milliseconds: number): string;
}

export function wordsIn(language: Language): Words {
  const say = (key: MessageKey, values: Values = {}) =>
    CATALOGUES[language][key].replace(/\{(\w+)\}/g, (_, name: string) =>
      String(values[name] ?? ""),
    );
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  const duration = (milliseconds: number) => {
    const seconds = Math.max(0, milliseconds) / 1000;
    if (seconds < 60) return say("seconds", { count: number(seconds, seconds < 10 ? 1 : 0) });
    return say("minutes", { minutes: Math.floor(seconds / 60), seconds: Math.floor(seconds % 60) });
  };
  return Object.assign(say, { language, number, duration });
}

/** The language that was chosen, else the first of the browser's that there is, else English. */
export function preferredLanguage(chosen: string | null, wishes: readonly string[]): Language {
  const known = (tag: string) => Object.keys(CATALOGUES).find((name) => tag.startsWith(name));
  return (known(chosen ?? "") ?? wishes.map(known).find(Boolean) ?? "en") as Language;
}

export const WordsContext = createContext<Words>(wordsIn("en"));
export const useWords = (): Words => useContext(WordsContext);
