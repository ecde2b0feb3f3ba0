import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Holds a server to so many connections. A new one finds a place while there is one that does nothing: the oldest of
 * those goes, so nobody keeps others out by opening connections.
 */
export function boundConnections(server: Server, most: number): void {
  /** Requests under way on each. */
  const open = new Map<Socket, number>();
  function makeRoom(): void {
    for (const [socket, busy] of open)
      if (busy === 0) {
        open.delete(socket);
        socket.destroy();
        return;
      }
  }
  server.on("connection", (socket: Socket) => {
    if (open.size >= most) makeRoom();
    if (open.size >= most) return void socket.destroy();
    open.set(socket, 0);
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, res: ServerResponse) => {
    const change = (by: number) => {
      const busy = open.get(socket);
      if (busy !== undefined) open.set(socket, busy + by);
    };
    change(1);
    res.once("close", () => change(-1));
  });
}
