/** The servers that ours is held against: `node yardstick.ts express|bare DIRECTORY`, the run to answer with on stdin. */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { appendFile } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { text } from "node:stream/consumers";

import express from "express";

const [kind, directory = "."] = process.argv.slice(2);
const run = JSON.parse(await text(process.stdin)) as unknown;
const body = JSON.stringify(run);

/** A plain route, as anybody would write it. */
function plainExpress(): RequestListener {
  const app = express();
  app.get("/workflow-runs/:run_id", (_req, res) => void res.json(run));
  return app;
}

interface Busboy extends NodeJS.WritableStream {
  on(event: "file", listener: (name: string, file: NodeJS.ReadableStream) => void): this;
  on(event: "close", listener: () => void): this;
}
const fromMulter = createRequire(createRequire(import.meta.url).resolve("multer"));
const busboy = fromMulter("busboy") as (options: { headers: object }) => Busboy;

function receive(req: IncomingMessage, res: ServerResponse): void {
  const files: Promise<void>[] = [];
  const form = busboy({ headers: req.headers });
  form.on("file", (_name, file) => {
    const target = createWriteStream(path.join(directory, randomUUID()), { flush: true });
    files.push(new Promise((resolve) => target.once("close", resolve)));
    file.pipe(target);
  });
  form.on("close", () => {
    Promise.all(files).then(
      () => {
        res.writeHead(200, { "Content-Type": "application/json" });
        res.end('{"run_id":"x","status":"pending"}');
      },
      () => res.destroy(),
    );
  });
  req.pipe(form);
}

/** What each path's watchers are told when it changes; a change is on disk before. */
const watchers = new Map<string, Set<ServerResponse>>();

function bare(): RequestListener {
  return (req, res) => {
    const { pathname } = new URL(req.url ?? "/", "http://x");
    if (pathname === "/upload") return receive(req, res);
    if (req.method === "POST") {
      appendFile(path.join(directory, "log"), "x\n", { flush: true }).then(
        () => {
          for (const watcher of watchers.get(pathname) ?? [])
            watcher.write(`id: 2\ndata: ${body}\n\n`);
          res.end("{}");
        },
        () => res.destroy(),
      );
      return;
    }
    if (req.headers.accept === "text/event-stream") {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      res.write(`id: 1\ndata: ${body}\n\n`);
      if (!watchers.has(pathname)) watchers.set(pathname, new Set());
      watchers.get(pathname)!.add(res);
      return;
    }
    res.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    res.end(body);
  };
}

const server = createServer(kind === "express" ? plainExpress() : bare());
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object")
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
