import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { startObjectStorage } from "./s3.ts";

/** Where the services are, in the words of the server's settings. */
export interface ServiceUrls {
  /** What `--database-url` takes. */
  readonly database: string;
  /** What `--queue-url` takes. */
  readonly queue: string;
  /** Where S3's protocol is spoken; a bucket named `modly-runs` is there. */
  readonly s3: string;
  /** What `--files-url` takes for that bucket. */
  readonly files: string;
}

export interface Services extends ServiceUrls {
  /** Ends all of them and removes what they kept. Idempotent. */
  stop(): Promise<void>;
}

const BUCKET = "modly-runs";

/** Starts PostgreSQL, Redis and S3, private ones on free ports; where one does not start, none is left. */
export async function startServices(): Promise<Services> {
  const started = await Promise.allSettled([startPostgres(), startRedis(), startObjectStorage()]);
  const [postgres, redis, s3] = started;
  let stopped: Promise<unknown> | undefined;
  const stop = async () => {
    stopped ??= Promise.all(
      started.flatMap((each) => (each.status === "fulfilled" ? [each.value.stop()] : [])),
    );
    await stopped;
  };
  if (postgres.status === "rejected" || redis.status === "rejected" || s3.status === "rejected") {
    await stop();
    const reasons = started.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    throw new AggregateError(reasons, reasons.map((each) => (each as Error).message).join("\n"));
  }
  return {
    database: postgres.value.url,
    queue: redis.value.url,
    s3: s3.value.endpoint,
    files: await s3.value.makeBucket(BUCKET),
    stop,
  };
}
