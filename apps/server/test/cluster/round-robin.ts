import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";

/** A door in front of several servers. */
export interface RoundRobin {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Hands each request to the next in turn of the servers that there are then. What is no HTTP goes to one of them as it came, so
 * that it answers itself.
 *
 * @param port of this machine; 0 picks a free one
 */
export async function openRoundRobin(
  targets: () => readonly string[],
  port = 0,
): Promise<RoundRobin> {
  let turn = 0;
  const next = () => {
    const now = targets();
    return new URL(now[turn++ % now.length]!);
  };

  const door = http.createServer((request, response) => {
    const { method, url: path } = request;
    const { hostname, port } = next();
    // A server that closes after its answer may cut off who still sends.
    const headers = { ...request.headers, connection: "keep-alive" };
    const passed = http.request({ method, path, headers, hostname, port, agent: false });
    passed.on("response", (answer) => {
      // What is said of one connection is not said of the other.
      const { connection: _, "keep-alive": __, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, kept);
      response.flushHeaders();
      answer.pipe(response);
      answer.on("close", () => {
        if (!answer.complete) response.destroy();
        request.unpipe(passed).resume();
        passed.destroy();
      });
    });
    passed.on("continue", () => response.writeContinue());
    // A server that has answered may leave the rest of the request unread.
    passed.on("error", () => {
      if (!response.headersSent) response.destroy();
      request.unpipe(passed).resume();
    });
    response.on("close", () => {
      if (!response.writableFinished) passed.destroy();
    });
    request.pipe(passed);
  });
  door.on("checkContinue", (request, response) => door.emit("request", request, response));
  door.on("clientError", (cause: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    const { hostname, port } = next();
    const passed = connect({ host: hostname, port: Number(port) });
    passed.on("error", () => socket.destroy());
    socket.on("error", () => passed.destroy());
    if (cause.rawPacket) passed.write(cause.rawPacket);
    socket.pipe(passed).pipe(socket);
  });
  door.listen(port, "127.0.0.1");
  await once(door, "listening");
  return {
    url: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    async close() {
      door.closeAllConnections();
      await new Promise<void>((resolve) => door.close(() => resolve()));
    },
  };
}
