import { isEnded, isRunStatus, type RunStatus } from "@modly-runs/contract";

import { createHash } from "node:crypto";

import { runBodyOf } from "../history/observations.ts";
import type { SituationName } from "../target/config.ts";
import { type Exchange, jsonOf } from "../wire/exchange.ts";

/** What is promised of a run by the recipe that it was made with. */
export type Promised = {
  readonly situation: SituationName;
  readonly model_id?: string;
  /** For how long it is active at the least, in milliseconds; only where the configuration says so. */
  readonly lastsMs?: number;
};

/** What the suite knows of a run that it started. */
export type Known = {
  readonly id: string;
  /** When its create was sent: it cannot have ended before. */
  readonly born: number;
  /** The exchange of its create. */
  readonly create: number;
  /** What the form asked for. */
  readonly collection?: string;
  /** SHA-256 of the picture that was sent, in hex. */
  readonly picture?: string;
  promised?: Promised;
  /** The server was restarted while it was active: nothing is promised of it any more. */
  interrupted?: true;
  /** The mesh as it was when it was first fetched. */
  mesh?: { readonly url: string; readonly sha256: string };
  /** A read has shown it. */
  seen?: true;
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

function formOf({ parts = [] }: Exchange): Pick<Known, "collection" | "picture"> {
  const [image, ...more] = parts.filter(({ name }) => name === "image");
  const collection = parts.find(({ name }) => name === "collection")?.content.toString();
  return {
    ...(collection === undefined ? {} : { collection }),
    ...(image === undefined || more.length > 0
      ? {}
      : { picture: createHash("sha256").update(image.content).digest("hex") }),
  };
}

/** Every run that this session started, and how it ended as far as anybody saw. */
export class Roster {
  private readonly runs = new Map<string, Known>();

  /** Learns from one exchange. */
  note(exchange: Exchange): void {
    if (exchange.meaning.act === "create") {
      const id = acceptedIdOf(exchange);
      if (id === undefined || this.runs.has(id)) return;
      const { start: born, number: create } = exchange;
      this.runs.set(id, { id, born, create, ...formOf(exchange) });
      return;
    }
    const body = runBodyOf(exchange);
    if (body === undefined || exchange.meaning.act !== "read") return;
    const run = this.runs.get(exchange.meaning.runId);
    const { status } = body;
    if (run) run.seen = true;
    if (run && !run.ended && isRunStatus(status) && isEnded(status))
      run.ended = { status, at: exchange.end };
  }

  /** After a restart of a server that promises to keep nothing over it, its runs are nobody's business. */
  forget(): void {
    this.runs.clear();
  }

  get(id: string): Known | undefined {
    return this.runs.get(id);
  }

  all(): readonly Known[] {
    return [...this.runs.values()];
  }

  /** The runs that are active now are let off: the server is restarted. */
  interrupt(): void {
    for (const run of this.runs.values()) if (!run.ended) run.interrupted = true;
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
