import { isEnded, isRunStatus, type RunStatus } from "@modly-runs/contract";
import { isDeepStrictEqual } from "node:util";

import {
  brokenOrder,
  contradictionIn,
  type Contradiction,
  disagreeingEnds,
  EXPECTED,
  fallenProgress,
} from "../history/check.ts";
import { endsOf, type History, historiesOf, readsOf, runBodyOf } from "../history/observations.ts";
import type { CheckId } from "../requirements/index.ts";
import type { Session } from "../session/session.ts";
import type { SituationName } from "../target/config.ts";
import { type Exchange, jsonOf } from "../wire/exchange.ts";
import { changes, problemFault, statusOf, told } from "./answers.ts";

import { audit } from "./audit.ts";
import { BODY_RULES, placeOf } from "./body-rules.ts";
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
      return {
        rule: "ends",
        first,
        second,
        message: `after the end ${changes(first.body, second.body).join("; ")}`,
      };
    }
    return undefined;
  }
  return undefined;
};

const neverCancelledByUs = (history: History): Contradiction | undefined => {
  const reads = readsOf(history);
  const sent = Math.min(...history.cancelsSentAt);
  // A cancel of a run that had ended excuses nothing.
  const ended = reads.find(({ status, end }) => isEnded(status) && end < sent);
  const first = ended && reads.find(({ status }) => status === "cancelled");
  return (
    first && {
      rule: "cancelled-before-cancel",
      first,
      message: "cancelled, and nobody sent a cancel while it was active",
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
  "CAN-26",
  "LIF-17",
  "OUT-17",
  "WIRE-01",
  "WIRE-03",
];

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

function wireFault(exchange: Exchange): string | undefined {
  const { response, failure, request } = exchange;
  if (response === undefined) return failure?.kind === "refused" ? undefined : "an answer in time";
  if (!LEGAL.has(response.status)) return "a status that the contract or HTTP names";
  if (response.status < 400 || request.method === "HEAD") return undefined;
  return problemFault(exchange) === undefined
    ? undefined
    : "an error body that is JSON with detail";
}

/** Which place of an answer is wrong. */
function wirePlace(exchange: Exchange): string | undefined {
  return LEGAL.has(exchange.response?.status ?? 0) ? problemFault(exchange) : "the status";
}

function judgeBodies(session: Session): void {
  for (const exchange of session.recorder.exchanges) {
    const body = runBodyOf(exchange);
    if (body === undefined || exchange.meaning.act !== "read") continue;
    for (const rule of BODY_RULES) {
      const { id, when, expected, keeps } = rule;
      if (when !== undefined && body["status"] !== when) continue;
      const ok = keeps(body, exchange.meaning.runId);
      session.ledger.add(id, {
        ok,
        expected,
        observed: ok ? "" : placeOf(rule, body, exchange.meaning.runId),
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
      observed: expected === undefined ? "" : told(exchange, wirePlace(exchange)),
      exchanges: [exchange.number],
    });
  }
}

/** Stacks of the usual languages, and paths that only the server's own disk has. */
const INSIDES =
  /Traceback \(most recent call last\)|File "[^"]+", line \d+|\bat [\w.<>$ ]+ \(?[^\s()]+:\d+:\d+\)?|\b[\w-]+\.(?:java|kt|scala|go|rs|rb|php|cs|cpp|py):\d+\b|(?:^|[\s"'(=:])\/(?:home|root|usr|var|tmp|opt|srv|etc|app|Users|private|mnt|proc)\/[\w.-]+|\b[A-Za-z]:\\+(?:Users|Windows|Program|Temp)/;

function judgeInsides(session: Session): void {
  for (const exchange of session.recorder.exchanges) {
    const answer = jsonOf(exchange.response);
    if (typeof answer !== "object" || answer === null) continue;
    const { detail, error } = answer as Record<string, unknown>;
    const text = [detail, error]
      .map((part) => (typeof part === "string" ? part : JSON.stringify(part ?? "")))
      .join("\n");
    // What the request itself said may be repeated.
    const found = INSIDES.exec(text)?.[0];
    const echoed =
      found !== undefined &&
      (exchange.request.path.includes(found.trim()) ||
        (exchange.request.body?.includes(found.trim()) ?? false));
    session.ledger.add("WIRE-03", {
      ok: found === undefined || echoed,
      expected: "a sentence without a stack or a path of the disk",
      observed: found === undefined ? "" : told(exchange),
      exchanges: [exchange.number],
    });
  }
}

function judgeCancels(session: Session): void {
  for (const exchange of session.recorder.exchanges) {
    if (exchange.meaning.act !== "cancel" || statusOf(exchange) >= 300) continue;
    const { status, cancelled } = (jsonOf(exchange.response) ?? {}) as Record<string, unknown>;
    if (!isRunStatus(status) || typeof cancelled !== "boolean") continue;
    const ok = cancelled === (status === "cancelled");
    session.ledger.add("CAN-26", {
      ok,
      expected: "cancelled is true exactly beside the status cancelled",
      observed: ok ? "" : told(exchange),
      exchanges: [exchange.number],
    });
  }
  if (!session.ledger.hasEvidence("CAN-26"))
    session.ledger.obstruct("CAN-26", { kind: "n/a", reason: "No cancel answer had both keys." });
}

/** Judges every read, every history and every answer of the session. */
export async function judgeHistories(session: Session): Promise<void> {
  judgeBodies(session);
  judgeWire(session);
  judgeInsides(session);
  judgeCancels(session);
  audit(session);
  const histories = historiesOf(session.recorder.exchanges, session.strict);
  for (const history of histories) {
    for (const { id, find } of HISTORY_RULES) {
      const found = find(history);
      if (found === undefined && history.observations.length === 0) continue;
      const shown = found ? [found.first, ...(found.second ? [found.second] : [])] : [];
      session.ledger.add(id, {
        ok: found === undefined,
        expected: found ? EXPECTED[found.rule] : "",
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
