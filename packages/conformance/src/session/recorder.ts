import { Buffer } from "node:buffer";

import type { Exchange } from "../wire/exchange.ts";

/** How much of a body the recording keeps; judges of outputs get the whole one at once. */
const KEPT_BYTES = 64 * 1024;

/** Everything that was sent and received, in the order it was finished. */
export class Recorder {
  readonly exchanges: Exchange[] = [];

  record(exchange: Omit<Exchange, "number">): Exchange {
    const whole = { ...exchange, number: this.exchanges.length + 1 };
    const { response } = whole;
    this.exchanges.push(
      response && response.body.length > KEPT_BYTES
        ? {
            ...whole,
            response: { ...response, body: Buffer.from(response.body.subarray(0, KEPT_BYTES)) },
          }
        : whole,
    );
    return whole;
  }
}
