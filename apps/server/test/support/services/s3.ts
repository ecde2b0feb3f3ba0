import { buildApp } from "fauxqs";

/** Storage that speaks S3's protocol, with its objects in memory. */
export interface ObjectStorage {
  readonly endpoint: string;
  /** Makes a bucket, and gives what `--files-url` takes for it. */
  makeBucket(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** What `--files-url` takes for a bucket behind an address; any key will do. */
export function filesUrlOf(bucket: string, endpoint: string): string {
  return `s3://key:secret@${bucket}?endpoint=${endpoint}`;
}

/** What S3 answers where `If-None-Match: *` finds something (its conditional writes). */
const TAKEN =
  "<Error><Code>PreconditionFailed</Code><Message>There is such an object.</Message></Error>";

/** One after another for each key. */
function createTurns() {
  const last = new Map<string, Promise<unknown>>();
  return async function enter(key: string): Promise<() => void> {
    const before = last.get(key);
    let leave = () => {};
    const mine = new Promise<void>((resolve) => {
      leave = () => {
        if (last.get(key) === mine) last.delete(key);
        resolve();
      };
    });
    last.set(key, mine);
    await before;
    return leave;
  };
}

/** Starts it on a free port of this machine. */
export async function startObjectStorage(): Promise<ObjectStorage> {
  const app = buildApp({ logger: false });
  const enter = createTurns();
  const leaving = new WeakMap<object, () => void>();
  // It knows conditional reads, but not S3's conditional writes: they are checked in front of it.
  app.addHook("preHandler", async (request, reply) => {
    if (request.headers["if-none-match"] !== "*" || !/^(PUT|POST)$/.test(request.method)) return;
    const [url = ""] = request.url.split("?");
    const leave = await enter(url);
    leaving.set(request.raw, leave);
    const { statusCode } = await app.inject({ method: "HEAD", url });
    if (statusCode === 200) await reply.code(412).type("application/xml").send(TAKEN);
  });
  const done = async (request: { readonly raw: object }) => leaving.get(request.raw)?.();
  app.addHook("onResponse", done);
  app.addHook("onRequestAbort", done);
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    endpoint,
    async makeBucket(name) {
      await app.inject({ method: "PUT", url: `/${name}` });
      return filesUrlOf(name, endpoint);
    },
    async stop() {
      await app.close();
    },
  };
}
