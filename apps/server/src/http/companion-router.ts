import { companionContract, type Model } from "@modly-runs/contract/companion";
import { createExpressEndpoints, initServer } from "@ts-rest/express";
import { Router } from "express";

import type { Generator } from "../generators/generator.ts";
import type { Registry } from "../generators/registry.ts";
import { type Obstacle, sentenceOf } from "../readiness.ts";
import { activeModel } from "./active-model.ts";
import { refusal, refuse } from "./problems.ts";

export interface CompanionDeps {
  readonly registry: Registry;
  readonly version: string;
  /** The model that a create without better knowledge would name. */
  readonly defaultModel: string;
  /** What `GET /health` adds for whoever may know it. */
  readonly details: () => Promise<Record<string, unknown>>;
  /** Why it could not take a run now; none when it could. */
  readonly obstacles: () => Promise<readonly Obstacle[]>;
  /** True when the request carries what the guard asks for. */
  readonly isTrusted: (headers: NodeJS.Dict<string | string[]>) => boolean;
}

function rowOf({ descriptor }: Generator, activeId: string | undefined): Model {
  const { id, name, description, version } = descriptor;
  return {
    id,
    name,
    description,
    version,
    vram_gb: descriptor.vram_gb ?? null,
    hf_repo: descriptor.hf_repo ?? null,
    tags: [...(descriptor.tags ?? [])],
    downloaded: descriptor.downloaded ?? true,
    loaded: descriptor.loaded ?? true,
    active: id === activeId,
  };
}

/** What Modly serves in JSON beside the three endpoints. */
export function createCompanionRouter(deps: CompanionDeps): Router {
  const { registry, version, defaultModel, details, obstacles, isTrusted } = deps;
  const router = Router({ strict: true, caseSensitive: true });
  const models = async () => {
    const all = await registry.list();
    const active = activeModel(all, defaultModel);
    return all.map((each) => rowOf(each, active));
  };
  const server = initServer();
  const endpoints = server.router(companionContract, {
    health: async ({ req, query }) => {
      const trusted = isTrusted(req.headers);
      const missing = trusted || query.ready !== undefined ? await obstacles() : [];
      // Whoever asks whether it lives hears yes; only this question can be answered with no.
      if (query.ready !== undefined && missing.length > 0)
        return refusal(
          req,
          "not_ready",
          trusted ? sentenceOf(missing) : "The server can't take a run at the moment.",
        );
      return {
        status: 200 as const,
        body: {
          status: "ok" as const,
          version,
          workflow_runs: "1.0" as const,
          ...(trusted ? { ready: missing.length === 0, not_ready: missing } : {}),
          ...(trusted ? await details() : {}),
        },
      };
    },
    models: async () => ({ status: 200 as const, body: await models() }),
    modelStatus: async ({ req }) => {
      const all = await models();
      const found = all.find(({ active }) => active);
      if (!found) return refusal(req, "model_not_found", "This server has no models.");
      const { id, name, downloaded, loaded } = found;
      return { status: 200 as const, body: { id, name, downloaded, loaded } };
    },
    modelParams: async ({ req, query }) => {
      const found = await registry.choose(query.model_id);
      return found
        ? { status: 200 as const, body: [...found.descriptor.params_schema] }
        : refusal(
            req,
            "model_not_found",
            "There is no model with this id. GET /model/all lists them.",
          );
    },
  });
  createExpressEndpoints(companionContract, endpoints, router, {
    logInitialization: false,
    jsonQuery: false,
    responseValidation: false,
    requestValidationErrorHandler: (_error, _req, res) =>
      refuse(res, "missing_field", "Say which model: /model/params?model_id=...", [
        { field: "model_id", message: "is missing" },
      ]),
  });
  return router;
}
