import { StrictRun } from "@modly-runs/contract";
import { expect, onTestFinished } from "vitest";

/** What came on a stream of events so far. */
export interface Followed {
  readonly status: number;
  readonly headers: Headers;
  readonly ids: number[];
  readonly runs: StrictRun[];
  readonly comments: number;
  /** Every line as it came. */
  readonly text: string;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Follows a run as a browser would; every event is held against the strict table. */
export async function follow(url: string, runId: string, lastEventId?: string): Promise<Followed> {
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  const answer = await fetch(`${url}/workflow-runs/${runId}`, {
    headers: {
      Accept: "text/event-stream",
      ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
    },
    signal: gone.signal,
  });
  const seen = {
    status: answer.status,
    headers: answer.headers,
    ids: [] as number[],
    runs: [] as StrictRun[],
    comments: 0,
    text: "",
    close: () => gone.abort(),
  };
  function take(block: string): void {
    if (block.startsWith(":")) {
      seen.comments++;
      return;
    }
    const [, id, data] = /^id: (\d+)\ndata: (.+)$/.exec(block) ?? [];
    if (id === undefined || data === undefined) throw new Error(`not an event of ours: ${block}`);
    seen.ids.push(Number(id));
    seen.runs.push(StrictRun.parse(JSON.parse(data)));
  }
  async function read(): Promise<void> {
    if (!answer.body) return;
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of answer.body) {
      const text = decoder.decode(bytes as Uint8Array, { stream: true });
      seen.text += text;
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block);
    }
    expect(rest).toBe("");
  }
  const ended = read().catch((cause: Error) => {
    if (cause.name !== "AbortError") throw cause;
  });
  return Object.assign(seen, { ended });
}
