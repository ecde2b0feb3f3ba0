import { useEffect, useState } from "react";

/** What somebody chose about the page itself, kept in this browser. */
const KEY = "modly-runs:preferences";

export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  readonly language: string | null;
  readonly sizeMm: number;
}

const USUAL: Preferences = { theme: "system", language: null, sizeMm: 100 };

function read(): Preferences {
  try {
    return { ...USUAL, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return USUAL;
  }
}

export function usePreferences() {
  const [preferences, setPreferences] = useState(read);
  useEffect(() => {
    document.documentElement.dataset["theme"] = preferences.theme;
    try {
      localStorage.setItem(KEY, JSON.stringify(preferences));
    } catch {
      // A browser that keeps nothing still shows the page as it was chosen now.
    }
  }, [preferences]);
  const prefer = (change: Partial<Preferences>) => setPreferences((old) => ({ ...old, ...change }));
  return [preferences, prefer] as const;
}

const TOKEN = "modly-runs:token";

/** The server's token, for as long as this window is open. */
export const tokenStore = {
  read: (): string | undefined => sessionStorage.getItem(TOKEN) ?? undefined,
  keep: (token: string | undefined): void => {
    if (token === undefined) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  },
};
