import { isEnded, isRunStatus, type RunStatus } from "@modly-runs/contract";

import { runBodyOf } from "../history/observations.ts";
import { type Exchange, jsonOf } from "../wire/exchange.ts";

/** What the suite knows of a run that it started. */
export type Known = {
  readonly id: string;
  /** When its create was sent: it cannot have ended before. */
  readonly born: number;
  /** Set by the first read that showed an end, with the moment of its answer. */
  ended?: { readonly status: RunStatus; readonly at: number };
  /** It did not end when it was waited for; nobody waits for it again. */
  abandoned?: true;
};

/** The run id of an accepted create, or undefined. */
export function acceptedIdOf({ response }: Exchange): string | undefined {
  if (response === undefined || response.status < 200 || response.status > 299) return undefined;
  const answer = jsonOf(response);
  const id =
    typeof answer === "object" && answer !== null && "run_id" in answer ? answer.run_id : undefined;
  return typeof id === "string" && id !== "" ? id : undefined;
}

/** Every run that this session started, and how it ended as far as anybody saw. */
export class Roster {
  private readonly runs = new Map<string, Known>();

  /** Learns from one exchange. */
  note(exchange: Exchange): void {
    if (exchange.meaning.act === "create") {
      const id = acceptedIdOf(exchange);
      if (id !== undefined && !this.runs.has(id)) this.runs.set(id, { id, born: exchange.start });
      return;
    }
    const body = runBodyOf(exchange);
    if (body === undefined || exchange.meaning.act !== "read") return;
    const run = this.runs.get(exchange.meaning.runId);
    const { status } = body;
    if (run && !run.ended && isRunStatus(status) && isEnded(status))
      run.ended = { status, at: exchange.end };
  }

  /** After a restart of a server that promises to keep nothing over it, its runs are nobody's business. */
  forget(): void {
    this.runs.clear();
  }

  /** Runs whose end nobody has seen, without those that were given up. */
  open(): readonly Known[] {
    return [...this.runs.values()].filter(({ ended, abandoned }) => !ended && !abandoned);
  }

  /** The moment of the latest end that was seen; 0 before the first. */
  lastEnd(): number {
    return this.ended().at(-1)?.ended.at ?? 0;
  }

  /** Runs whose end was seen, the oldest end first. */
  ended(): readonly (Known & Required<Pick<Known, "ended">>)[] {
    return [...this.runs.values()]
      .filter((run): run is Known & Required<Pick<Known, "ended">> => run.ended !== undefined)
      .toSorted((a, b) => a.ended.at - b.ended.at);
  }
}
