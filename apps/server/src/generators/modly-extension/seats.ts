import type { ExtensionModel } from "./discover.ts";
import type { Python } from "./python.ts";
import type { Times } from "./times.ts";

/** A GPU, or whatever the Python processes share, by its number for CUDA_VISIBLE_DEVICES. */
export type DeviceName = string | null;

export interface Room {
  readonly devices: readonly DeviceName[];
  /** Models that may be in the memory of one device, and those of them that may work at once. */
  readonly loaded: number;
  readonly atOnce: number;
}

/** A place in a device's memory, with the process that has it. One process does one run at a time. */
export interface Seat {
  readonly model: ExtensionModel;
  readonly device: DeviceName;
  readonly python: Python;
  /** The model is in memory. */
  loaded: boolean;
}

interface Place extends Seat {
  busy: boolean;
  /** When it was last given back. */
  since: number;
  idle: NodeJS.Timeout | undefined;
}

interface Device {
  readonly name: DeviceName;
  readonly places: Set<Place>;
  /** Given to a run whose process has not been started yet. */
  promised: number;
}

const stale = (place: Place, model: ExtensionModel) => place.model.edition !== model.edition;

/**
 * Who may be in memory, and who has to leave for another.
 *
 * At most `loaded` processes a device, at most `atOnce` of them busy; a model that waits in memory is
 * taken before a new process is started, and the one that has waited longest leaves first.
 */
export function createSeats(
  { devices: names, loaded, atOnce }: Room,
  times: Pick<Times, "idle">,
  start: (model: ExtensionModel, device: DeviceName) => Python,
  onFault: (cause: unknown) => void,
) {
  const devices: Device[] = names.map((name) => ({ name, places: new Set(), promised: 0 }));
  const closing = new AbortController();
  let tellChanged = () => {};
  let changed = new Promise<void>((resolve) => (tellChanged = resolve));

  function change(): void {
    tellChanged();
    changed = new Promise((resolve) => (tellChanged = resolve));
  }

  const busyOn = ({ places, promised }: Device) =>
    promised + [...places].filter(({ busy }) => busy).length;
  const idleOn = ({ places }: Device) =>
    [...places].filter(({ busy }) => !busy).sort((a, b) => a.since - b.since);

  /** Takes it out of use at once; settles when its process is gone. */
  async function leave(device: Device, place: Place): Promise<void> {
    clearTimeout(place.idle);
    device.places.delete(place);
    await place.python.retire();
  }

  function take(place: Place): Place {
    clearTimeout(place.idle);
    place.busy = true;
    return place;
  }

  async function begin(device: Device, model: ExtensionModel): Promise<Place> {
    device.promised += 1;
    try {
      const leaving = idleOn(device);
      const spare = loaded - device.places.size - device.promised;
      await Promise.all(leaving.slice(0, Math.max(0, -spare)).map((each) => leave(device, each)));
      const place: Place = {
        model,
        device: device.name,
        python: start(model, device.name),
        loaded: false,
        busy: true,
        since: 0,
        idle: undefined,
      };
      device.places.add(place);
      place.python.gone.then(() => {
        clearTimeout(place.idle);
        place.loaded = false;
        device.places.delete(place);
        change();
      }, onFault);
      return place;
    } finally {
      device.promised -= 1;
    }
  }

  /** The place to take now, or the device to begin on; undefined while all are busy. */
  function choose(model: ExtensionModel): Place | Device | undefined {
    const free = devices.filter((device) => busyOn(device) < atOnce);
    for (const device of free)
      for (const place of idleOn(device).toReversed())
        if (place.model.id === model.id && !place.python.isGone()) {
          if (!stale(place, model)) return place;
          leave(device, place).catch(onFault);
        }
    const full = ({ places, promised }: Device) => places.size + promised >= loaded;
    return free.toSorted(
      (a, b) => Number(full(a)) - Number(full(b)) || a.places.size - b.places.size,
    )[0];
  }

  return {
    /** A seat for a run of this model, null when the signal fires first. */
    async acquire(model: ExtensionModel, signal: AbortSignal): Promise<Seat | null> {
      const stop = AbortSignal.any([signal, closing.signal]);
      const aborted = new Promise<void>((resolve) =>
        stop.addEventListener("abort", () => resolve(), { once: true }),
      );
      while (!stop.aborted) {
        const chosen = choose(model);
        if (chosen) return "python" in chosen ? take(chosen) : begin(chosen, model);
        await Promise.race([changed, aborted]);
      }
      return null;
    },

    /** Gives a seat back: its model stays in memory, or its process ends. Settles at once or when it is gone. */
    async release(seat: Seat, keep: boolean): Promise<void> {
      const device = devices.find(({ places }) => places.has(seat as Place));
      const place = seat as Place;
      if (!keep || closing.signal.aborted) {
        await place.python.end();
        device?.places.delete(place);
      } else if (device) {
        place.busy = false;
        place.since = performance.now();
        if (times.idle > 0) {
          place.idle = setTimeout(() => {
            leave(device, place).catch(onFault);
          }, times.idle);
          place.idle.unref();
        }
      }
      change();
    },

    /** True while a process has this model in memory. */
    isLoaded: (id: string) =>
      devices.some(({ places }) =>
        [...places].some((place) => place.model.id === id && place.loaded),
      ),

    async close(): Promise<void> {
      closing.abort();
      const all = devices.flatMap(({ places }) => [...places]);
      for (const place of all) clearTimeout(place.idle);
      await Promise.all(all.map(({ python }) => python.end()));
    },
  };
}
