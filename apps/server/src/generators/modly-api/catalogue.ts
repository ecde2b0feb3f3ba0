import type { ParamSpec } from "@modly-runs/contract/companion";

import type { ModelDescriptor } from "../generator.ts";
import type { ListedModel, Modly } from "./modly.ts";
import type { Log } from "./facade.ts";
import { pause } from "./pause.ts";
import type { Times } from "./times.ts";

function describe(row: ListedModel, params: readonly ParamSpec[]): ModelDescriptor {
  const { id, name, description, version, tags, vram_gb, hf_repo, downloaded, loaded, active } =
    row;
  return {
    id,
    name: name || id,
    description,
    version,
    params_schema: params,
    // Extensions read parameters that their schema does not name.
    knowsAllParams: false,
    tags,
    vram_gb,
    hf_repo,
    downloaded,
    loaded,
    active,
  };
}

/** What is known of a model that nobody has described to us yet. */
export function undescribed(id: string): ModelDescriptor {
  return { id, name: id, description: "", version: "", params_schema: [], knowsAllParams: false };
}

interface Cataloguing {
  readonly modly: Modly;
  readonly times: Times;
  readonly log: Log;
  readonly closing: AbortSignal;
}

/**
 * Modly's models as they are now, asked for only when somebody wants to know.
 *
 * A request never waits long for a Modly that is slow: it gets the list that was true last.
 */
export function createCatalogue({ modly, times, log, closing }: Cataloguing) {
  const schemas = new Map<string, { at: number; params: readonly ParamSpec[] }>();
  const seen = new Map<string, ModelDescriptor>();
  let present: readonly ModelDescriptor[] = [];
  let away = true;
  let refreshed = Number.NEGATIVE_INFINITY;
  let refreshing: { readonly since: number; readonly done: Promise<void> } | null = null;

  async function paramsOf(id: string): Promise<readonly ParamSpec[]> {
    const known = schemas.get(id);
    if (known && performance.now() - known.at < times.freshParams) return known.params;
    const reply = await modly.params(id);
    if (reply.kind !== "ok") return known?.params ?? [];
    schemas.set(id, { at: performance.now(), params: reply.value });
    return reply.value;
  }

  async function refresh(): Promise<void> {
    try {
      await look();
    } catch (cause) {
      // A Modly that makes no sense is as good as away; it costs its own models and nobody else's.
      log.error({ err: cause }, "Modly's models can't be understood");
      away = true;
      present = [];
      refreshed = performance.now();
    }
  }

  async function look(): Promise<void> {
    const reply = await modly.models();
    if (reply.kind === "ok") {
      if (away) log.info({ models: reply.value.length }, "Modly is there");
      away = false;
      // One after the other: Modly answers on the thread that also drives its jobs.
      const described: ModelDescriptor[] = [];
      for (const row of reply.value) described.push(describe(row, await paramsOf(row.id)));
      present = described;
      for (const descriptor of present) seen.set(descriptor.id, descriptor);
    } else {
      if (!away) log.warn({ why: reply.why }, "Modly is away");
      away = true;
      present = [];
    }
    refreshed = performance.now();
  }

  /** Only the first who asks waits, so that a mute Modly does not slow down every request. */
  async function upToDate(): Promise<void> {
    const now = performance.now();
    if (now - refreshed < times.fresh) return;
    refreshing ??= { since: now, done: refresh().finally(() => (refreshing = null)) };
    const never = refreshed === Number.NEGATIVE_INFINITY;
    const patience = refreshing.since + (never ? times.firstListing : times.listing) - now;
    if (patience <= 0) return;
    const enough = new AbortController();
    const limit = AbortSignal.any([closing, enough.signal]);
    await Promise.race([refreshing.done, pause(patience, limit)]);
    enough.abort();
  }

  return {
    async list(): Promise<readonly ModelDescriptor[]> {
      await upToDate();
      return present;
    },

    /** A model of now or of earlier; while Modly is away, any id may be one of its models. */
    async find(id: string): Promise<ModelDescriptor | undefined> {
      await upToDate();
      return seen.get(id) ?? (away ? undescribed(id) : undefined);
    },
  };
}
