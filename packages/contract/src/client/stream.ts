import { createParser, type EventSourceMessage } from "eventsource-parser";

import type { Connection } from "./connection.ts";

/** The events of a `text/event-stream` answer as they arrive, until it ends. Throws when it breaks. */
export async function* eventsOf({
  response,
  heard,
}: Connection): AsyncGenerator<EventSourceMessage, void, undefined> {
  const arrived: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => arrived.push(event) });
  const decoder = new TextDecoder();
  for await (const bytes of chunksOf(response)) {
    heard();
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* arrived.splice(0);
  }
}

/** The bytes of a body. By a reader, because not every browser can iterate over a stream. */
export async function* chunksOf(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) return;
    yield next.value as Uint8Array;
  }
}
