import net from "node:net";
import { performance } from "node:perf_hooks";
import tls from "node:tls";

import type { Origin, Sent } from "./http.ts";

/**
 * Writes bytes that no HTTP client would write and reads what comes back until the head of an answer
 * is there, the other side closes, or the time is up. With `hangUp`, closes our half after writing.
 */
export function sendRaw(
  origin: Origin,
  bytes: Buffer,
  timeoutMs: number,
  hangUp = false,
): Promise<Sent> {
  const start = performance.now();
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const where = { host: origin.host, port: origin.port };
    const socket = origin.secure ? tls.connect(where) : net.connect(where);
    const settle = (rest: Pick<Sent, "response" | "failure">) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ start, end: performance.now(), ...rest });
    };
    const timer = setTimeout(
      () => settle({ failure: { kind: "timeout", message: `no answer within ${timeoutMs} ms` } }),
      timeoutMs,
    );
    socket.on("connect", () => {
      if (hangUp) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.on("data", (chunk) => {
      received.push(chunk);
      const text = Buffer.concat(received).toString("latin1");
      const head = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n([\s\S]*?)\r\n\r\n/.exec(text);
      if (head === null || head[1] === "100") return;
      const body = Buffer.from(text.slice(head[0].length), "latin1");
      settle({ response: { status: Number(head[1]), headers: {}, body, continued: false } });
    });
    socket.on("error", (error) => settle({ failure: { kind: "closed", message: error.message } }));
    socket.on("close", () =>
      settle({ failure: { kind: "closed", message: "closed without an answer" } }),
    );
  });
}
