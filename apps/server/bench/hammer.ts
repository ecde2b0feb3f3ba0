import { connect } from "node:net";

export interface Hammered {
  readonly perSecond: number;
  /** Milliseconds each answer took. */
  readonly times: readonly number[];
}

/** Sends the same requests over and over on kept connections, one at a time on each; every answer must have this status. */
export function hammer(
  url: string,
  requests: readonly Buffer[],
  { connections = 32, ms = 1000, status = 200 } = {},
): Promise<Hammered> {
  const { hostname, port } = new URL(url);
  const expected = Buffer.from(`HTTP/1.1 ${status}`);
  return new Promise((resolve, reject) => {
    const times: number[] = [];
    let next = 0;
    let isOver = false;
    const began = performance.now();
    const sockets = Array.from({ length: connections }, () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      let sent = 0;
      const send = () => {
        sent = performance.now();
        socket.write(requests[next++ % requests.length]!);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      // These answers are small: each comes in one piece.
      socket.on("data", (data) => {
        if (!data.subarray(0, expected.length).equals(expected))
          return reject(new Error(`not the answer: ${data.toString("latin1").slice(0, 300)}`));
        times.push(performance.now() - sent);
        if (!isOver) send();
      });
      return socket;
    });
    setTimeout(() => {
      isOver = true;
      const seconds = (performance.now() - began) / 1000;
      for (const socket of sockets) socket.destroy();
      resolve({ perSecond: times.length / seconds, times });
    }, ms);
  });
}

/** A request as it goes over the wire. */
export function requestOf(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const { host, pathname } = new URL(url);
  const fields = Object.entries({ Host: host, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([
    Buffer.from(`${method} ${pathname} HTTP/1.1\r\n${fields.join("")}\r\n`),
    body,
  ]);
}
