import { randomUUID } from "node:crypto";
import net from "node:net";

import type { Session } from "../session/session.ts";
import { multipart } from "../wire/multipart.ts";
import { png } from "../wire/pictures.ts";
import { send } from "../wire/http.ts";

/** A sentence that says why there is nothing to check at this address; undefined if there is. */
export async function preflight(session: Session): Promise<string | undefined> {
  const { origin, target, scale } = session;
  const timeout = 8_000 * scale;
  const at = target.base_url;
  const headers = target.headers ?? {};
  const first = await send(
    origin,
    { method: "GET", path: `/workflow-runs/${randomUUID()}` },
    headers,
    timeout,
  );
  switch (first.failure?.kind) {
    case "refused":
      return `Nothing listens at ${at}. Start the server, or give its URL with --url.`;
    case "timeout":
      return `${at} accepts connections but did not answer within ${timeout / 1000} s. Is it still starting, or stuck?`;
    case "unreachable":
      return `The host of ${at} can't be found or reached. Check the URL.`;
    case "not-http":
      return `${at} does not answer in HTTP. Check the port, and http:// against https://.`;
    case "closed":
      return `${at} closed the connection without an answer (${first.failure.message}).`;
    case undefined:
      break;
  }
  const status = first.response?.status;
  if (status === 401 || status === 403) {
    return `${at} answers ${status}: it wants a token. Put it into headers: in the configuration, or use --header.`;
  }
  const { contentType, body } = multipart([
    { name: "image", filename: "probe.txt", type: "text/plain", content: png(0, 8) },
  ]);
  const create = await send(
    origin,
    {
      method: "POST",
      path: "/workflow-runs/from-image",
      headers: { "Content-Type": contentType },
      body,
    },
    headers,
    timeout,
  );
  const answer = create.response;
  const html = answer && /^\s*</.test(answer.body.toString("latin1", 0, 200));
  const noRoute = answer && [404, 405, 501].includes(answer.status);
  if (answer && (noRoute || (html && answer.status < 400))) {
    return `${at} answers, but has no POST /workflow-runs/from-image (${answer.status}${html ? ", HTML" : ""}). Is this the right server and the right path?`;
  }
  return undefined;
}

/** Sends a path that URL libraries would fold to a listener of our own; a sentence if it arrives changed. */
export async function wireIsVerbatim(): Promise<string | undefined> {
  const path = "/a/../b/%2e%2e/..%2f/c";
  const server = net.createServer((socket) => {
    socket.once("data", (bytes) => {
      const line = bytes.toString("latin1").split("\r\n")[0] ?? "";
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\nConnection: close\r\n\r\n${line}`,
      );
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  const origin = { secure: false, host: "127.0.0.1", port, prefix: "" };
  const { response } = await send(origin, { method: "GET", path }, {}, 5_000);
  server.close();
  const arrived = response?.body.toString("latin1") ?? "nothing";
  return arrived === `GET ${path} HTTP/1.1`
    ? undefined
    : `The suite meant to send "GET ${path}", and "${arrived}" arrived.`;
}
