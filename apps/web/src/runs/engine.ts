import { isEnded, type Run } from "@modly-runs/contract";
import { type Failure, isPassing } from "@modly-runs/contract/client";

import type { Api } from "../server/api.ts";
import { type Entry, isActive } from "./entry.ts";
import type { History } from "./history.ts";
import { inBackground } from "../ui/background.ts";

export interface EngineOptions {
  readonly history: History;
  readonly api: Api;
  /** The server wants a token, or another one than it got. */
  readonly onLocked: () => void;
  /** Whether the server answers, each time that is known anew. */
  readonly onReach: (reached: boolean) => void;
}

export interface Engine {
  /** The run that is looked at: it is followed as a stream, the others by reading them now and then. */
  focus(entryId: string | undefined): void;
  cancel(entry: Entry): Promise<Failure | undefined>;
  stop(): void;
}

/** Creates on their way at once. A browser has six connections to a server, and the stream needs one. */
const UPLOADS = 2;
/** Milliseconds between two looks at all runs that are not followed. */
const LOOK = { seen: 1_000, hidden: 5_000 };
const AGAIN = { first: 1_000, last: 10_000 };

const rest = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

/** Runs `work` unless another tab does it already. Pages without https can't know; then it is run. */
async function alone(name: string, work: () => Promise<void>): Promise<void> {
  if (!("locks" in navigator)) return work();
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
  });
}

/**
 * Sends what is to be sent and follows what goes on, until it is stopped.
 *
 * Everything it knows is in the history, so it can begin anew at any moment: a create that was cut off
 * is sent again under its key, a run that goes on is found again by its id.
 */
export function startEngine({ history, api, onLocked, onReach }: EngineOptions): Engine {
  const stopped = new AbortController();
  const { signal } = stopped;
  const sending = new Set<string>();
  let focused: string | undefined;
  let following: { id: string; leave: AbortController } | undefined;

  const current = (id: string) => history.entries().find((entry) => entry.id === id);
  const heard = (failure: Failure | undefined) => {
    if (signal.aborted || failure?.code === "aborted") return;
    if (failure?.status === 401) onLocked();
    onReach(failure?.code !== "unreachable");
  };

  function saw(id: string, run: Run): void {
    const entry = current(id);
    // An end is an end, whichever tab saw it first.
    if (!entry || (entry.run && isEnded(entry.run.status))) return;
    if (JSON.stringify(entry.run) !== JSON.stringify(run) || entry.lost)
      inBackground(history.put({ ...entry, run, lost: false }));
  }

  function failed(id: string, failure: Failure): void {
    heard(failure);
    const entry = current(id);
    if (failure.code === "not_found" && entry && !entry.lost)
      inBackground(history.put({ ...entry, lost: true }));
  }

  async function send(id: string): Promise<void> {
    for (let pause = AGAIN.first; ; pause = Math.min(pause * 2, AGAIN.last)) {
      const entry = current(id);
      if (!entry || entry.runId !== null || signal.aborted) return;
      const image = await history.picture(entry.pictureId);
      if (!image) return void (await history.put({ ...entry, lost: true }));
      const { modelId, params } = entry;
      const created = await api.create({ image, modelId, params, idempotencyKey: id, signal });
      if (signal.aborted) return;
      heard(created.ok ? undefined : created.failure);
      const latest = current(id);
      if (created.ok) {
        const runId = created.value.run_id;
        // Forgotten while it was sent: nobody will ask for it, so it need not be made.
        if (!latest) return void (await api.cancel(runId));
        return void (await history.put({ ...latest, runId }));
      }
      const { failure } = created;
      if (failure.status === 401) return;
      const again = isPassing(failure) || failure.reason === "create_in_progress";
      if (!again) {
        if (latest) await history.put({ ...latest, refused: failure.message });
        return;
      }
      await rest(Math.min((failure.retryAfter ?? 0) * 1000, AGAIN.last) || pause, signal);
    }
  }

  function sendAll(): void {
    if (signal.aborted) return;
    const waiting = history
      .entries()
      .filter((entry) => entry.runId === null && isActive(entry) && !sending.has(entry.id));
    // The oldest first: the history is sorted the other way round.
    for (const { id } of waiting.toReversed().slice(0, UPLOADS - sending.size)) {
      sending.add(id);
      inBackground(
        alone(`modly-runs:send:${id}`, () => send(id)).finally(() => {
          sending.delete(id);
          sendAll();
        }),
      );
    }
  }

  async function follow(id: string, runId: string, leave: AbortController): Promise<void> {
    for await (const told of api.watch(runId, { signal: leave.signal, patience: 0 })) {
      if (told.ok) {
        heard(undefined);
        saw(id, told.value);
      } else if (told.failure.code !== "aborted") failed(id, told.failure);
    }
    if (following?.leave === leave) following = undefined;
  }

  /** Streams the run that is looked at, or else the one that is worked on, while somebody looks. */
  function chooseFollowed(): void {
    const active = history.entries().filter((entry) => entry.runId !== null && isActive(entry));
    const chosen =
      document.visibilityState === "visible"
        ? (active.find(({ id }) => id === focused) ??
          active.find(({ run }) => run?.status === "running") ??
          active.at(-1))
        : undefined;
    if (following?.id === chosen?.id) return;
    following?.leave.abort();
    following = undefined;
    if (!chosen?.runId) return;
    following = { id: chosen.id, leave: new AbortController() };
    inBackground(follow(chosen.id, chosen.runId, following.leave));
  }

  async function lookAtAll(): Promise<void> {
    while (!signal.aborted) {
      chooseFollowed();
      sendAll();
      for (const entry of history.entries()) {
        if (signal.aborted) return;
        if (!isActive(entry) || entry.runId === null || following?.id === entry.id) continue;
        const read = await api.get(entry.runId, { signal });
        heard(read.ok ? undefined : read.failure);
        if (read.ok) saw(entry.id, read.value);
        else {
          failed(entry.id, read.failure);
          if (read.failure.code === "unreachable") break;
        }
      }
      await rest(document.visibilityState === "visible" ? LOOK.seen : LOOK.hidden, signal);
    }
  }

  const unsubscribe = history.subscribe(() => {
    sendAll();
    chooseFollowed();
  });
  document.addEventListener("visibilitychange", chooseFollowed);
  inBackground(lookAtAll());

  return {
    focus(entryId) {
      focused = entryId;
      chooseFollowed();
    },
    async cancel(entry) {
      if (entry.runId === null) return void (await history.forget([entry.id]));
      const cancelled = await api.cancel(entry.runId, { signal });
      if (!cancelled.ok) return cancelled.failure;
      const read = await api.get(entry.runId, { signal });
      if (read.ok) saw(entry.id, read.value);
      return undefined;
    },
    stop() {
      stopped.abort();
      following?.leave.abort();
      unsubscribe();
      document.removeEventListener("visibilitychange", chooseFollowed);
    },
  };
}
