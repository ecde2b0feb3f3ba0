/** Where a bucket is, and how to deal with it. */
export interface S3Address {
  readonly bucket: string;
  /** Before every key: empty, or it ends with a slash. */
  readonly prefix: string;
  /** Undefined for Amazon's own. */
  readonly endpoint?: string;
  /** Undefined where the surroundings know it, as the AWS tools do. */
  readonly region?: string;
  /** Undefined where the surroundings know them, as the AWS tools do. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** How long one try may take to begin to answer, ms. */
  readonly timeoutMs: number;
  /** Lets clients fetch meshes from the bucket themselves; null: they come through us. */
  readonly signed: { readonly forMs: number; readonly endpoint?: string } | null;
}

const PARAMETERS = ["endpoint", "region", "timeout", "signed", "signed-endpoint"] as const;

const isHttp = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** Seconds as milliseconds, or undefined for what is no time. */
function millisecondsOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const ms = Number(number) * { s: 1000, m: 60_000, h: 3_600_000 }[unit ?? "s"]!;
  return ms > 0 ? ms : undefined;
}

/**
 * Reads `s3://[key:secret@]bucket[/prefix][?endpoint=…&region=…&timeout=5s&signed=15m]`.
 *
 * @returns the address, or what is wrong with it, to stand behind the setting's name
 */
export function readS3Address(text: string): S3Address | string {
  if (!URL.canParse(text)) return "must be an address, such as s3://bucket/prefix";
  const url = new URL(text);
  const unknown = [...url.searchParams.keys()].find(
    (name) => !PARAMETERS.some((each) => each === name),
  );
  if (unknown !== undefined)
    return `knows no ${JSON.stringify(unknown)}: there is ${PARAMETERS.join(", ")}`;
  const of = (name: (typeof PARAMETERS)[number]) => url.searchParams.get(name) ?? undefined;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname))
    return "must name a bucket, such as s3://bucket/prefix";
  for (const name of ["endpoint", "signed-endpoint"] as const)
    if (of(name) !== undefined && !isHttp(of(name)!))
      return `must have an http address as its ${name}, such as ${name}=http://127.0.0.1:9000`;
  const timeoutMs = millisecondsOf(of("timeout") ?? "5s");
  const forMs = of("signed") === undefined ? null : millisecondsOf(of("signed")!);
  if (timeoutMs === undefined || forMs === undefined)
    return "must have a time such as 5s or 15m as its timeout and its signed";
  if (url.username !== "" && url.password === "")
    return "must have a secret with its key: s3://key:secret@bucket";
  const endpoint = of("endpoint");
  // Whoever has an endpoint of its own seldom has regions, and one must be named.
  const region = of("region") ?? (endpoint === undefined ? undefined : "us-east-1");
  const signedEndpoint = of("signed-endpoint") ?? endpoint;
  return {
    bucket: url.hostname,
    prefix: decodeURIComponent(url.pathname)
      .replace(/^\/+/, "")
      .replace(/([^/])\/*$/, "$1/"),
    timeoutMs,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(url.username === ""
      ? {}
      : {
          credentials: {
            accessKeyId: decodeURIComponent(url.username),
            secretAccessKey: decodeURIComponent(url.password),
          },
        }),
    signed:
      forMs === null
        ? null
        : { forMs, ...(signedEndpoint === undefined ? {} : { endpoint: signedEndpoint }) },
  };
}
