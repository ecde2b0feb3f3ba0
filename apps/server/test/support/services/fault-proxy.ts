import { once } from "node:events";
import { createServer, request } from "node:http";
import type { Socket } from "node:net";

/** What goes wrong: nothing, a fault on the other side, no answer, or an answer to what was done that breaks off. */
export type Fault = "none" | "500" | "hang" | "cut";

/** Passes requests on to a server, as long as nothing goes wrong. */
export interface FaultProxy {
  readonly url: string;
  /** From now on, for what `matches` says; a number: for so many requests. */
  fail(fault: Fault, times?: number): void;
  /** Requests that came, as `GET /path`. */
  readonly seen: readonly string[];
  stop(): Promise<void>;
}

/** How much of an answer comes before it is cut, bytes. */
const CUT_AFTER = 1000;

/** Starts it on a free port of this machine. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  let fault: Fault = "none";
  let left = 0;

  const server = createServer((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    const now = left > 0 ? fault : "none";
    if (now !== "none") left--;
    if (now === "hang") return void req.resume();
    if (now === "500") {
      req.resume();
      res.statusCode = 500;
      return void res.end("<Error><Code>InternalError</Code></Error>");
    }
    const options = { hostname, port, method: req.method, path: req.url, headers: req.headers };
    const onward = request(options, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      if (now !== "cut") return void answer.pipe(res);
      answer.once("data", (chunk: Buffer) => {
        res.write(chunk.subarray(0, CUT_AFTER), () => res.destroy());
      });
      answer.once("end", () => res.destroy());
    });
    onward.once("error", () => res.destroy());
    res.once("close", () => onward.destroy());
    req.pipe(onward);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${own}`,
    seen,
    fail(what, times = Number.POSITIVE_INFINITY) {
      fault = what;
      left = what === "none" ? 0 : times;
      // Who waits for an answer gets none, but the connections for what comes are good again.
      if (what === "none") sockets.forEach((socket) => socket.destroy());
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}
