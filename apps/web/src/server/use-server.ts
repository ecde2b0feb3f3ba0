import type { Health, Model } from "@modly-runs/contract/companion";
import { useEffect, useState } from "react";

import { type Api, NO_OFFERS, type Offers } from "./api.ts";
import { inBackground } from "../ui/background.ts";

/** What is known of the server. */
export interface ServerFacts {
  readonly reach: "asking" | "here" | "away" | "locked";
  readonly health: Health | undefined;
  /** Undefined while they are asked for, null when the server has no list. */
  readonly models: readonly Model[] | null | undefined;
  readonly offers: Offers;
}

const UNKNOWN: ServerFacts = {
  reach: "asking",
  health: undefined,
  models: undefined,
  offers: NO_OFFERS,
};
/** Milliseconds between two looks: while it answers, and while it does not. */
const LOOK = { here: 10_000, away: 2_000 };

/** Looks after the server while the page is open. `hint` makes it look at once. */
export function useServer(api: Api, hint: unknown): ServerFacts {
  const [{ of, ...facts }, setFacts] = useState({ ...UNKNOWN, of: api });
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      const [health, models] = await Promise.all([api.health(), api.models()]);
      if (isOver) return;
      const away = [health, models].some((each) => !each.ok && each.failure.code === "unreachable");
      const locked = !models.ok && models.failure.status === 401;
      setFacts((old) => ({
        ...old,
        of: api,
        reach: away ? "away" : locked ? "locked" : "here",
        health: health.ok ? health.value : away ? old.health : undefined,
        models: models.ok ? models.value : models.failure.code === "not_found" ? null : old.models,
      }));
      timer = setTimeout(() => inBackground(look()), away ? LOOK.away : LOOK.here);
    };
    const unfold = async () => {
      const offers = await api.offers();
      if (!isOver) setFacts((old) => ({ ...old, offers }));
    };
    inBackground(look().then(unfold));
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [api, hint]);
  // With another token the server has yet to say whether it takes it.
  return of === api ? facts : { ...facts, reach: "asking" };
}
