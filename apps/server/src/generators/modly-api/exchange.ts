import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";

export interface Request {
  readonly method: "GET" | "POST";
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** Milliseconds for the connection, and for the whole exchange. */
  readonly connect: number;
  readonly within: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What became of a request. The difference between `unreached` and `lost` decides whether it may be
 * sent again: nothing was sent when no connection was made, anything may have happened afterwards.
 */
export type Exchange<T> =
  | { readonly kind: "answer"; readonly status: number; readonly value: T }
  | { readonly kind: "unreached" | "lost"; readonly why: string };

/**
 * One request on a connection of its own, so that a stale kept-alive socket never makes it ambiguous.
 *
 * `read` takes the whole body; when it fails, the answer counts as lost.
 */
export function exchange<T>(
  url: URL,
  request: Request,
  read: (response: IncomingMessage) => Promise<T>,
): Promise<Exchange<T>> {
  return new Promise((resolve) => {
    let connected = false;
    const { method, headers, signal } = request;
    const send = url.protocol === "https:" ? https.request : http.request;
    const outgoing = send(
      url,
      { method, headers, agent: false, ...(signal && { signal }) },
      (response) => {
        read(response).then(
          (value) => settle({ kind: "answer", status: response.statusCode ?? 0, value }),
          fail,
        );
      },
    );
    const end = (why: string) => outgoing.destroy(new Error(why));
    const connecting = setTimeout(() => end("no connection in time"), request.connect);
    const waiting = setTimeout(() => end("no answer in time"), request.within);

    function settle(outcome: Exchange<T>) {
      clearTimeout(connecting);
      clearTimeout(waiting);
      resolve(outcome);
      outgoing.destroy();
    }
    function fail(error: Error) {
      settle({ kind: connected ? "lost" : "unreached", why: error.message });
    }

    outgoing.on("error", fail);
    outgoing.on("socket", (socket) =>
      socket.once("connect", () => {
        connected = true;
        clearTimeout(connecting);
      }),
    );
    outgoing.end(request.body);
  });
}
