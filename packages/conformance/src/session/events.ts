import type { CheckId, Level } from "../requirements/index.ts";

/** What a session tells while it runs; the verdicts come when it is over. */
export type SessionEvent =
  | { readonly type: "begin"; readonly base_url: string; readonly checks: number }
  | {
      readonly type: "calibrated";
      readonly situation: string;
      readonly ok: boolean;
      readonly note: string;
    }
  | {
      readonly type: "scenario";
      readonly name: string;
      readonly state: "begins" | "goes on" | "ends";
      /** Scenarios that have ended, of all that will be played. */
      readonly done: number;
      readonly total: number;
      /** Milliseconds until the end, as far as can be told from what is behind. */
      readonly left_ms: number;
    }
  | {
      /** The first deviation of a check, at the moment that it was seen. */
      readonly type: "finding";
      readonly id: CheckId;
      readonly level: Level;
      readonly title: string;
      readonly expected: string;
      readonly observed: string;
    };

/** Hears a session's events. */
export type Listener = (event: SessionEvent) => void;
