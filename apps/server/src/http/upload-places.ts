import { isLoopbackAddress } from "../config.ts";

/** An upload under way, and its place. */
export interface UploadPlace {
  /** So many bytes more have come. */
  arrived(bytes: number): void;
  /** Gives the place back. Idempotent. */
  leave(): void;
}

export interface Uploader {
  /** The client's address, as the connection has it. */
  readonly address: string;
  /** Ends the upload, because it is too slow. */
  end(): void;
}

/** The places for uploads. Slow ones can't keep others out. */
export interface UploadPlaces {
  /** A place, or undefined where there is none for this client now. */
  take(uploader: Uploader): UploadPlace | undefined;
}

interface Taken extends Uploader {
  readonly since: number;
  bytes: number;
}

/** An upload that is slower than this on average is ended, bytes a second. */
const SLOWEST = 1024;
/** How long an upload may take to get going, ms. */
const START_MS = 10_000;
/** When all places are taken the slowest makes room, if it is slower than this and no beginner. */
const SLOWEST_OF_MANY = 64 * 1024;
const BEGINNER_MS = 3000;
const LOOK_EVERY_MS = 1000;

const rateOf = ({ bytes, since }: Taken, now: number) => (bytes * 1000) / Math.max(1, now - since);

/**
 * Keeps count of the uploads under way.
 *
 * One client address has half of the places at most. This machine's own address has all: behind a
 * proxy on the same machine it stands for everybody.
 *
 * @param most places in all
 */
export function createUploadPlaces(most: number, now = () => performance.now()): UploadPlaces {
  const taken = new Set<Taken>();
  const perAddress = Math.max(1, Math.ceil(most / 2));
  let looking: NodeJS.Timeout | undefined;

  function leave(place: Taken): void {
    taken.delete(place);
    if (taken.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  }
  function end(place: Taken): void {
    leave(place);
    place.end();
  }
  function endSlow(): void {
    const at = now();
    for (const place of taken)
      if (at - place.since > START_MS && rateOf(place, at) < SLOWEST) end(place);
  }
  function makeRoom(): void {
    const at = now();
    const [slowest] = [...taken]
      .filter((place) => at - place.since > BEGINNER_MS && rateOf(place, at) < SLOWEST_OF_MANY)
      .toSorted((a, b) => rateOf(a, at) - rateOf(b, at));
    if (slowest) end(slowest);
  }
  function hasEnough(address: string): boolean {
    if (isLoopbackAddress(address.replace(/^::ffff:/, ""))) return false;
    return [...taken].filter((place) => place.address === address).length >= perAddress;
  }

  return {
    take(uploader) {
      if (hasEnough(uploader.address)) return undefined;
      if (taken.size >= most) makeRoom();
      if (taken.size >= most) return undefined;
      const place: Taken = { ...uploader, since: now(), bytes: 0 };
      taken.add(place);
      looking ??= setInterval(endSlow, LOOK_EVERY_MS).unref();
      return {
        arrived: (bytes) => void (place.bytes += bytes),
        leave: () => leave(place),
      };
    },
  };
}
