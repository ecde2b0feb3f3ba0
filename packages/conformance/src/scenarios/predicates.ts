import {
  AnyProblem,
  isEnded,
  isRunStatus,
  type RunStatus,
  WORKSPACE_PREFIX,
} from "@modly-runs/contract";
import { jsonSchemas } from "@modly-runs/contract/json-schema";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isDeepStrictEqual } from "node:util";

import {
  brokenOrder,
  contradictionIn,
  type Contradiction,
  disagreeingEnds,
  fallenProgress,
} from "../history/check.ts";
import { endsOf, type History, historiesOf, readsOf, runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import type { Session } from "../session/session.ts";
import type { SituationName } from "../target/config.ts";
import { type Exchange, isJsonType, jsonOf } from "../wire/exchange.ts";
import { told } from "./bench.ts";

const validRun = new Ajv2020({ strict: false, allErrors: false }).compile(jsonSchemas.Run);

type Body = Readonly<Record<string, unknown>>;

/** A rule about one body of a read; `when` says of which status, or of all. */
type BodyRule = {
  readonly id: CheckId;
  readonly when?: RunStatus;
  readonly expected: string;
  readonly keeps: (body: Body, pathId: string) => boolean;
};

const nothing = (body: Body, ...keys: string[]) => keys.every((key) => body[key] === null);
const SEVEN = ["run_id", "status", "progress", "step", "output_url", "error", "scene_candidate"];

const BODY_RULES: readonly BodyRule[] = [
  {
    id: "GET-01",
    expected: "a body valid against the schema Run",
    keeps: (body) => validRun(body),
  },
  {
    id: "GET-02",
    expected: "run_id is the id in the path",
    keeps: (body, id) => body["run_id"] === id,
  },
  {
    id: "GET-03",
    expected: "one of the five status words",
    keeps: (body) => isRunStatus(body["status"]),
  },
  {
    id: "GET-04",
    expected: "progress is an integer 0..100",
    keeps: ({ progress }) =>
      typeof progress === "number" &&
      Number.isInteger(progress) &&
      progress >= 0 &&
      progress <= 100,
  },
  {
    id: "GET-05",
    when: "pending",
    expected: "null output_url, error, scene_candidate",
    keeps: (body) => nothing(body, "output_url", "error", "scene_candidate"),
  },
  {
    id: "GET-06",
    when: "pending",
    expected: "progress 0",
    keeps: (body) => body["progress"] === 0,
  },
  {
    id: "GET-07",
    when: "running",
    expected: "null output_url, error, scene_candidate",
    keeps: (body) => nothing(body, "output_url", "error", "scene_candidate"),
  },
  {
    id: "GET-08",
    when: "done",
    expected: `output_url begins with ${WORKSPACE_PREFIX}, error null`,
    keeps: (body) =>
      String(body["output_url"]).startsWith(WORKSPACE_PREFIX) && body["error"] === null,
  },
  {
    id: "GET-09",
    when: "done",
    expected: "progress 100",
    keeps: (body) => body["progress"] === 100,
  },
  {
    id: "GET-10",
    expected: "status done when progress is 100",
    keeps: (body) => body["progress"] !== 100 || body["status"] === "done",
  },
  {
    id: "GET-11",
    expected: "scene_candidate non-null exactly when done",
    keeps: (body) =>
      (body["scene_candidate"] !== null && body["scene_candidate"] !== undefined) ===
      (body["status"] === "done"),
  },
  {
    id: "GET-12",
    when: "done",
    expected: "output_url is /workspace/ and workspace_path",
    keeps: ({ output_url, scene_candidate }) => {
      const path = (scene_candidate as { workspace_path?: string } | null | undefined)
        ?.workspace_path;
      // Where one of the two is missing, GET-08 and GET-11 say so.
      return (
        path === undefined ||
        typeof output_url !== "string" ||
        output_url.endsWith(`${WORKSPACE_PREFIX}${path}`)
      );
    },
  },
  {
    id: "GET-13",
    when: "error",
    expected: "a non-empty error, null output_url and scene_candidate",
    keeps: (body) =>
      typeof body["error"] === "string" &&
      body["error"] !== "" &&
      nothing(body, "output_url", "scene_candidate"),
  },
  {
    id: "GET-14",
    when: "cancelled",
    expected: "null output_url and scene_candidate",
    keeps: (body) => nothing(body, "output_url", "scene_candidate"),
  },
  {
    id: "GET-15",
    when: "cancelled",
    expected: "error null",
    keeps: (body) => body["error"] === null,
  },
  {
    id: "GET-16",
    expected: "step null or 1..500 characters",
    keeps: ({ step }) =>
      step === null ||
      step === undefined ||
      (typeof step === "string" && step.length > 0 && step.length <= 500),
  },
  {
    id: "GET-28",
    expected: "only the seven keys",
    keeps: (body) => Object.keys(body).every((key) => SEVEN.includes(key)),
  },
];

/** A rule about one history. */
type HistoryRule = {
  readonly id: CheckId;
  readonly find: (history: History) => Contradiction | undefined;
};

const changedEnd = (history: History): Contradiction | undefined => {
  const found = brokenOrder(readsOf(history), ({ status }) => isEnded(status));
  return found && { ...found, message: `an end changed: ${found.message}` };
};

const changedBody = (history: History): Contradiction | undefined => {
  const ends = endsOf(readsOf(history));
  for (const first of ends) {
    const second = ends.find(
      ({ status, body }) => status === first.status && !isDeepStrictEqual(body, first.body),
    );
    if (second) {
      const keys = Object.keys({ ...first.body, ...second.body }).filter(
        (key) => !isDeepStrictEqual(first.body?.[key], second.body?.[key]),
      );
      return {
        rule: "ends",
        first,
        second,
        message: `after the end ${keys.join(", ")} changed: ${JSON.stringify(keys.map((key) => [first.body?.[key], second.body?.[key]]))}`,
      };
    }
    return undefined;
  }
  return undefined;
};

const neverCancelledByUs = (history: History): Contradiction | undefined => {
  const first =
    history.cancelsSentAt.length > 0
      ? undefined
      : readsOf(history).find(({ status }) => status === "cancelled");
  return (
    first && {
      rule: "cancelled-before-cancel",
      first,
      message: "cancelled, and nobody sent a cancel",
    }
  );
};

/** The order among reads whose earlier one is active. */
const brokenLife = (history: History): Contradiction | undefined => {
  return brokenOrder(readsOf(history), ({ status }) => !isEnded(status));
};

const HISTORY_RULES: readonly HistoryRule[] = [
  { id: "LIF-01", find: brokenLife },
  { id: "LIF-02", find: (history) => fallenProgress(readsOf(history)) },
  { id: "LIF-03", find: changedEnd },
  { id: "LIF-04", find: changedBody },
  { id: "LIF-06", find: neverCancelledByUs },
  { id: "LIF-14", find: (history) => disagreeingEnds(readsOf(history)) },
  { id: "LIF-15", find: contradictionIn },
];

/** The checks that are judged on everything that was recorded. */
export const PREDICATE_IDS: readonly CheckId[] = [
  ...BODY_RULES.map(({ id }) => id),
  ...HISTORY_RULES.map(({ id }) => id),
  "WIRE-01",
];

/** What the scenarios that follow whole lives show. */
export const HISTORY_CHECKS = PREDICATE_IDS;

/** Which situation has to work for a status to be seen at all. */
const SHOWN_BY = {
  pending: undefined,
  running: undefined,
  done: "succeeds",
  error: "fails",
  cancelled: "runs_long",
} as const satisfies Record<RunStatus, SituationName | undefined>;

/** Statuses that the contract or HTTP itself names for a request. */
const LEGAL = new Set([
  200, 202, 204, 206, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 411, 412, 413, 414,
  415, 416, 417, 422, 426, 429, 431, 503, 507,
]);

const ENDPOINT = /^\/workflow-runs\/(?:from-image|[^/?]+|[^/?]+\/cancel)$/;

function wireFault({ response, failure, request }: Exchange): string | undefined {
  if (response === undefined) return failure?.kind === "refused" ? undefined : "an answer in time";
  if (!LEGAL.has(response.status)) return "a status that the contract or HTTP names";
  if (response.status < 400 || request.method === "HEAD") return undefined;
  return isJsonType(response) && AnyProblem.safeParse(jsonOf(response)).success
    ? undefined
    : "an error body that is JSON with detail";
}

function judgeBodies(session: Session): void {
  for (const exchange of session.recorder.exchanges) {
    const body = runBodyOf(exchange);
    if (body === undefined || exchange.meaning.act !== "read") continue;
    for (const { id, when, expected, keeps } of BODY_RULES) {
      if (when !== undefined && body["status"] !== when) continue;
      const ok = keeps(body, exchange.meaning.runId);
      session.ledger.add(id, {
        ok,
        expected,
        observed: ok ? "" : told(exchange),
        exchanges: [exchange.number],
      });
    }
  }
}

function judgeWire(session: Session): void {
  for (const exchange of session.recorder.exchanges) {
    if (!exchange.answerOwed || !ENDPOINT.test(exchange.request.path)) continue;
    const expected = wireFault(exchange);
    session.ledger.add("WIRE-01", {
      ok: expected === undefined,
      expected: expected ?? "",
      observed: expected === undefined ? "" : told(exchange),
      exchanges: [exchange.number],
    });
  }
}

/** Judges every read, every history and every answer of the session. */
export async function judgeHistories(session: Session): Promise<void> {
  judgeBodies(session);
  judgeWire(session);
  const histories = historiesOf(session.recorder.exchanges, session.strict);
  for (const history of histories) {
    for (const { id, find } of HISTORY_RULES) {
      const found = find(history);
      if (found === undefined && history.observations.length === 0) continue;
      const shown = found ? [found.first, ...(found.second ? [found.second] : [])] : [];
      session.ledger.add(id, {
        ok: found === undefined,
        expected: "one story of the run explains what was seen",
        observed: found ? `${found.message} (run ${history.runId})` : "",
        exchanges: shown.map(({ exchange }) => exchange),
      });
    }
  }
  for (const { id, when } of BODY_RULES) {
    if (when === undefined || session.ledger.hasEvidence(id)) continue;
    const name = SHOWN_BY[when];
    if (name === undefined) {
      session.ledger.obstruct(id, {
        kind: "n/a",
        reason: `No read showed ${when}, which is legal.`,
      });
      continue;
    }
    const situation = await session.situations.get(name)?.catch(() => undefined);
    const reason = situation && !situation.ok ? situation.reason : `No read showed ${when}.`;
    session.ledger.obstruct(id, {
      kind: situation && !situation.ok ? situation.kind : "blocked",
      reason,
    });
  }
}
