import { AnyProblem } from "../problems.ts";
import { type Failure, fail, type Outcome, succeed } from "./outcome.ts";

/** Where the server is and how to talk to it. */
export interface Wire {
  /** Without a trailing slash. */
  baseUrl: string;
  token: string | undefined;
  fetch: typeof globalThis.fetch;
}

/** One request. */
export interface Ask {
  method?: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  body?: FormData;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte from the server after which the connection counts as dead. */
  silence: number;
}

/** An answer whose body is still to be read. Whoever opened it closes it. */
export interface Connection {
  response: Response;
  /** Something arrived: the silence begins anew. */
  heard: () => void;
  /** What a throw while reading the body means. */
  broke: (cause: unknown) => Failure;
  close: () => void;
}

/** Sends a request. Any status but success and 304 is a failure that carries the server's sentence. */
export async function open(wire: Wire, ask: Ask): Promise<Outcome<Connection>> {
  const { signal, silence } = ask;
  const headers = new Headers(ask.headers);
  if (wire.token !== undefined) headers.set("authorization", `Bearer ${wire.token}`);

  const controller = new AbortController();
  const stop = () => controller.abort();
  let timer = setTimeout(stop, silence);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, silence);
  };
  const close = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    stop();
  };
  const broke = (cause: unknown): Failure => {
    if (signal?.aborted)
      return { code: "aborted", message: "Stopped before the answer came.", cause };
    const why = controller.signal.aborted
      ? `was silent for ${Math.round(silence / 1000)} s`
      : `did not answer (${nameOf(cause)})`;
    return { code: "unreachable", message: `The server at ${wire.baseUrl} ${why}.`, cause };
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();

  try {
    const response = await wire.fetch(wire.baseUrl + ask.path, {
      method: ask.method ?? "GET",
      headers,
      signal: controller.signal,
      ...(ask.body ? { body: ask.body } : {}),
    });
    heard();
    if (response.ok || response.status === 304) {
      return succeed({ response, heard, broke, close });
    }
    const failure = refusal(response, await response.text());
    close();
    return { ok: false, failure };
  } catch (cause) {
    // First the reason: closing looks like the silence running out.
    const failure = broke(cause);
    close();
    return { ok: false, failure };
  }
}

/** A shape that a body can be held against; zod schemas are such shapes. */
interface Shape<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: { path: (string | number)[]; message: string }[] } };
}

/** Sends a request and reads its body as JSON of a shape. */
export async function call<T>(wire: Wire, ask: Ask, shape: Shape<T>): Promise<Outcome<T>> {
  const opened = await open(wire, ask);
  if (!opened.ok) return opened;
  try {
    return parse(await opened.value.response.text(), shape);
  } catch (cause) {
    return { ok: false, failure: opened.value.broke(cause) };
  } finally {
    opened.value.close();
  }
}

/** Text that should be JSON of a shape. */
export function parse<T>(text: string, shape: Shape<T>): Outcome<T> {
  const parsed = shape.safeParse(jsonOf(text));
  if (parsed.success) return succeed(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  return fail(
    "unexpected",
    `The server's answer is not of this contract (${where}${issue?.message}).`,
  );
}

function refusal(response: Response, body: string): Failure {
  const { status, headers } = response;
  const problem = AnyProblem.safeParse(jsonOf(body));
  const retryAfter = secondsOf(headers.get("retry-after"));
  const reason = problem.success ? problem.data.code : undefined;
  return {
    code: status === 404 ? "not_found" : "refused",
    message: problem.success
      ? sentenceOf(problem.data.detail)
      : `The server answered ${`${status} ${response.statusText}`.trim()}.`,
    status,
    ...(typeof reason === "string" ? { reason } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** The seconds of a `Retry-After`; its other form, a date, is not worth a clock that may be wrong. */
export function secondsOf(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
}

/** Some servers put an array of findings where the sentence should be. */
function sentenceOf(detail: string | unknown[]): string {
  if (typeof detail === "string") return detail;
  return detail.map((finding) => describe(finding)).join("; ");
}

function describe(finding: unknown): string {
  if (typeof finding !== "object" || finding === null) return String(finding);
  const { loc, msg } = finding as { loc?: unknown; msg?: unknown };
  if (typeof msg !== "string") return JSON.stringify(finding);
  return Array.isArray(loc) ? `${loc.at(-1)}: ${msg}` : msg;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` says no more than "fetch failed"; the system's word is further down. */
function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.cause !== undefined) return nameOf(cause.cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
