import type { RequestHandler, Response } from "express";

import { tenantOf } from "./guard.ts";
import { refuse } from "./problems.ts";

/** Bodies, and the files that they name, that are in memory at once. */
const MOST_BODIES = 32;
/** An upload may take so long to get going, ms; then the slowest gives way where all places are taken. */
const BEGINNER = 3000;
/** Bytes a second of an upload that is not slow. */
const SLOW = 64 * 1024;
/** How long a refused client may take to read why, ms. */
const LINGER = 1000;

interface Place {
  readonly tenant: string | null;
  readonly since: number;
  readonly res: Response;
  bytes: number;
  /** True while the body comes in. */
  arriving: boolean;
}

const rateOf = ({ bytes, since }: Place, now: number) => (bytes * 1000) / Math.max(1, now - since);

/**
 * Refuses a body where too many are being read or worked on: each may be large. A tenant has half of the places, and a
 * slow upload gives its place away, so nobody keeps the others out.
 */
export function boundBodies(): RequestHandler {
  const taken = new Set<Place>();
  function makeRoom(among: (place: Place) => boolean): void {
    const now = performance.now();
    const [slowest] = [...taken]
      .filter((place) => among(place) && place.arriving && now - place.since > BEGINNER)
      .filter((place) => rateOf(place, now) < SLOW)
      .toSorted((a, b) => rateOf(a, now) - rateOf(b, now));
    if (!slowest) return;
    taken.delete(slowest);
    const { res } = slowest;
    refuse(
      res,
      "request_timeout",
      "The body came too slowly while others waited for its place. Send it again.",
    );
    // What is left of it would hold the connection.
    setTimeout(() => res.req.destroy(), LINGER).unref();
  }
  return (req, res, next) => {
    const tenant = tenantOf(res);
    const isTheirs = (other: Place) => tenant !== null && other.tenant === tenant;
    const theirs = () => [...taken].filter(isTheirs).length >= MOST_BODIES / 2;
    if (theirs()) makeRoom(isTheirs);
    else if (taken.size >= MOST_BODIES) makeRoom(() => true);
    if (theirs() || taken.size >= MOST_BODIES)
      return refuse(
        res,
        "overloaded",
        "Too many workflows are being made at once. Nothing was made; try again in a moment.",
      );
    const place: Place = { tenant, since: performance.now(), res, bytes: 0, arriving: true };
    taken.add(place);
    res.once("close", () => taken.delete(place));
    req.once("end", () => void (place.arriving = false));
    // The body is read right after this, so nothing of it is lost.
    req.on("data", (chunk: Buffer) => void (place.bytes += chunk.length));
    next();
  };
}
