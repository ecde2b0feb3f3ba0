import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { isLoopbackAddress } from "../config.ts";

interface Connection {
  readonly address: string;
  /** Requests under way on it. */
  busy: number;
}

/**
 * Holds a server to so many connections. A new one always finds a place while there is one that does
 * nothing: the oldest of those goes, so nobody can keep others out by opening connections.
 *
 * One client address has half of the places at most; this machine's own address has all.
 */
export function boundConnections(server: Server, most: number): { dropIdle(): void } {
  const open = new Map<Socket, Connection>();
  const perAddress = Math.max(1, Math.ceil(most / 2));

  /** Closes the oldest that does nothing; false where all are busy. */
  function makeRoom(among: (connection: Connection) => boolean): boolean {
    for (const [socket, connection] of open)
      if (connection.busy === 0 && among(connection)) {
        open.delete(socket);
        socket.destroy();
        return true;
      }
    return false;
  }
  function mayStay(address: string): boolean {
    const isTheirs = (other: Connection) => other.address === address;
    const theirs = isLoopbackAddress(address.replace(/^::ffff:/, ""))
      ? 0
      : [...open.values()].filter(isTheirs).length;
    if (theirs >= perAddress) return makeRoom(isTheirs);
    return open.size < most || makeRoom(() => true);
  }

  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    if (!mayStay(address)) {
      socket.destroy();
      return;
    }
    open.set(socket, { address, busy: 0 });
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = open.get(socket);
    if (!connection) return;
    connection.busy++;
    response.once("close", () => connection.busy--);
  });

  return {
    // Browsers open connections in advance; Node does not count those as idle before their first request.
    dropIdle() {
      while (makeRoom(() => true));
    },
  };
}
