import net from "node:net";
import tls from "node:tls";

import type { Origin } from "./http.ts";

const connect = (origin: Origin) =>
  origin.secure
    ? tls.connect({ host: origin.host, port: origin.port })
    : net.connect({ host: origin.host, port: origin.port });

/** Everything that came over a connection, and whether the other side closed it. */
export type Heard = { readonly text: string; readonly closed: boolean };

/**
 * Writes bytes and listens until the other side closes, or nothing more has come for `quietMs`
 * after the first byte, or `timeoutMs` are over.
 */
export function converse(
  origin: Origin,
  bytes: Buffer,
  { quietMs, timeoutMs }: { readonly quietMs: number; readonly timeoutMs: number },
): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = connect(origin);
    let text = "";
    let quiet: NodeJS.Timeout | undefined;
    const settle = (closed: boolean) => {
      clearTimeout(timer);
      clearTimeout(quiet);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => settle(false), timeoutMs);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      clearTimeout(quiet);
      quiet = setTimeout(() => settle(false), quietMs);
    });
    socket.on("error", () => settle(true));
    socket.on("close", () => settle(true));
  });
}

/** A connection that says something and then nothing more. */
export type Silent = {
  /** Resolved once it is open, or was refused. */
  readonly opened: Promise<void>;
  /** True if the other side closes it within the time, in milliseconds. */
  closedWithin(ms: number): Promise<boolean>;
  close(): void;
};

/** Opens a connection, writes bytes, and keeps it open. */
export function holdOpen(origin: Origin, bytes: Buffer): Silent {
  const socket = connect(origin);
  const closed = new Promise<true>((resolve) => {
    socket.on("error", () => resolve(true));
    socket.on("close", () => resolve(true));
  });
  const opened = new Promise<void>((resolve) => {
    socket.on("connect", () => socket.write(bytes, () => resolve()));
    socket.on("close", () => resolve());
  });
  socket.resume();
  return {
    opened,
    async closedWithin(ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), ms);
      });
      const first = await Promise.race([closed, late]);
      clearTimeout(timer);
      return first;
    },
    close: () => void socket.destroy(),
  };
}

/** How an upload that never ends came to an end. */
export type Flood = { readonly sent: number; readonly status?: number; readonly stopped: boolean };

/** Writes a head and then the same piece again and again, until it is stopped or `limit` bytes are gone. */
export function flood(
  origin: Origin,
  head: Buffer,
  piece: Buffer,
  { limit, timeoutMs }: { readonly limit: number; readonly timeoutMs: number },
): Promise<Flood> {
  return new Promise((resolve) => {
    const socket = connect(origin);
    let sent = 0;
    let status: number | undefined;
    const settle = (stopped: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ sent, stopped, ...(status === undefined ? {} : { status }) });
    };
    const timer = setTimeout(() => settle(false), timeoutMs);
    const write = () => {
      while (sent < limit) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
      settle(false);
    };
    socket.on("connect", () => {
      socket.write(head);
      write();
    });
    socket.on("drain", write);
    socket.on("data", (chunk) => {
      status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(chunk.toString("latin1"))?.[1] ?? status);
      if (status !== 100) settle(true);
    });
    socket.on("error", () => settle(true));
    socket.on("close", () => settle(true));
  });
}
