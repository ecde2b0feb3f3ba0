import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { type Behaviour, correct } from "./behaviour.ts";
import { fromNode, refuse, send } from "./http.ts";
import { createLab } from "./lab.ts";

/** A reference server that listens on a free port of the loopback interface. */
export interface Reference {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts the reference, with the given functions of its behaviour replaced. With `places`, all models
 * share so many; else each has its own.
 */
export async function startReference(
  overrides: Partial<Behaviour> = {},
  places: number | null = null,
): Promise<Reference> {
  const behaviour: Behaviour = { ...correct, ...overrides };
  const lab = createLab(behaviour, places);

  const respond = async (message: IncomingMessage, response: ServerResponse) => {
    const request = fromNode(message);
    const answer =
      behaviour.stranger(request) ??
      (await behaviour.handle(lab, request).catch(() => refuse("internal", "The server failed.")));
    send(response, request.method, await behaviour.decorate(answer, request, lab));
  };
  const server = createServer(
    behaviour.server,
    (message, response) => void respond(message, response),
  );
  server.on("checkContinue", (message: IncomingMessage, response: ServerResponse) => {
    behaviour.expectContinue(response);
    void respond(message, response);
  });
  // What Node's parser refuses gets an answer of the same shape as every other refusal.
  server.on("clientError", (_error, socket) => {
    const { status, body } = refuse("malformed_request", "The request is not HTTP.");
    const text = String(body);
    socket.end(
      `HTTP/1.1 ${status} Bad Request\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  });

  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      lab.closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
