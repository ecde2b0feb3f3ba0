import { randomUUID } from "node:crypto";
import http from "node:http";

/** An answer that came whole. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent piece by piece; a piece may be waited for. */
  readonly body?: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** Calls back when the system has taken the last byte. */
  readonly onSent?: () => void;
  /** Calls back with the answer's text as far as it has come. */
  readonly onText?: (text: string) => void;
}

/** One request on a connection of its own. Undefined when the server died before its whole answer had come. */
export function ask(url: string, options: Ask = {}): Promise<Answer | undefined> {
  const { method = "GET", headers = {}, body, onSent, onText } = options;
  return new Promise((resolve) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        onText?.(text);
      });
      response.on("close", () =>
        resolve(response.complete ? { status: response.statusCode ?? 0, text } : undefined),
      );
    });
    request.on("error", () => resolve(undefined));
    if (onSent) request.on("finish", onSent);
    void (async () => {
      for await (const piece of body ?? []) {
        if (request.destroyed) return;
        request.write(piece);
      }
      request.end();
    })();
  });
}

/** The form of a create, and the header that names its boundary. */
export function formOf(picture: Buffer, fields: Readonly<Record<string, string>>) {
  const boundary = randomUUID();
  const head = (disposition: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const texts = Object.entries(fields).map(
    ([name, value]) => `${head(`name="${name}"`)}\r\n${value}\r\n`,
  );
  const file = `${head('name="image"; filename="p.png"')}Content-Type: image/png\r\n\r\n`;
  const body = Buffer.concat([
    Buffer.from(texts.join("") + file),
    picture,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = {
    "content-type": `multipart/form-data; boundary=${boundary}`,
    "content-length": String(body.length),
  };
  return { body, headers };
}
