import { isEnded } from "@modly-runs/contract";

import { correct } from "../behaviour.ts";
import type { Request } from "../http.ts";
import { active, type Lab, pause } from "../lab.ts";
import type { Mutant } from "./mutant.ts";

/** A create without its key, as a server answers that has never heard of one. */
const withoutKey = (lab: Lab, { headers, ...request }: Request) => {
  const { "idempotency-key": _, ...rest } = headers;
  return correct.create(lab, { ...request, headers: rest });
};

/** What a server says that it can do, and can't. */
export const PROMISES: readonly Mutant[] = [
  {
    name: "key-ignored",
    why: "The header is read and means nothing: each retry is a new run.",
    overrides: { create: withoutKey },
    kills: ["CRE-34"],
  },
  {
    name: "key-for-anything",
    why: "Whatever comes under a known key gets the first run, also another picture.",
    overrides: {
      create: async (lab, request) => {
        const known = lab.idempotency.get(String(request.headers["idempotency-key"]));
        return known ? correct.created(lab, known.run, request) : correct.create(lab, request);
      },
    },
    kills: ["CRE-34"],
  },
  {
    name: "key-mismatch-runs",
    why: "Another picture under a known key is a new run: the key of the first is lost without a word.",
    overrides: {
      create: async (lab, request) => {
        const body = await request.body();
        const again = { ...request, body: async () => body };
        const answer = await correct.create(lab, again);
        return answer.status === 422 ? withoutKey(lab, again) : answer;
      },
    },
    kills: ["CRE-34"],
  },
  {
    name: "key-race",
    why: "The key is looked up first and written down last: two at once are two runs.",
    overrides: {
      create: async (lab, request) => {
        const key = String(request.headers["idempotency-key"]);
        const known = lab.idempotency.has(key);
        await pause(lab, request.headers["idempotency-key"] ? 30 : 0);
        return known || !lab.idempotency.has(key)
          ? correct.create(lab, request)
          : withoutKey(lab, request);
      },
    },
    kills: ["CRE-34"],
  },
  {
    name: "key-forgotten-by-restart",
    why: "Keys are only in memory.",
    overrides: {
      restart: (lab) => {
        correct.restart(lab);
        lab.idempotency.clear();
      },
    },
    kills: ["CRE-34"],
  },
  {
    name: "restart-leaves-active",
    why: "After a restart nobody works on what was at work, and nobody ends it.",
    overrides: {
      restart: (lab) => {
        for (const run of active(lab)) run.stop.abort();
      },
    },
    kills: ["LIF-13"],
  },
  {
    name: "restart-forgets-runs",
    why: "Runs are only in memory, and restarts are said to do no harm.",
    overrides: {
      restart: (lab) => {
        for (const run of lab.runs.values()) run.stop.abort();
        lab.runs.clear();
      },
    },
    kills: ["LIF-12", "LIF-13"],
  },
  {
    name: "restart-rewrites-ends",
    why: "What is loaded again after a restart has lost its step.",
    overrides: {
      restart: (lab) => {
        correct.restart(lab);
        for (const run of lab.runs.values()) if (isEnded(run.status)) run.step = null;
      },
    },
    kills: ["LIF-04", "LIF-13"],
  },
];
