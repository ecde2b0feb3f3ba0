import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

import type { RequestHandler } from "express";

import { INSTANCE_HEADER } from "../instance.ts";
import { isOpenPath } from "./open-paths.ts";
import { refuse } from "./problems.ts";

export interface GuardOptions {
  /** Who we are: what we asked ourselves goes no further. */
  readonly instance: string;
  /** Null: no token is asked for. */
  readonly token: string | null;
  /** Origins whose pages may call, besides those of this machine. */
  readonly allowedOrigins: readonly string[];
  /** Host names that lead here besides this machine's own, as a proxy may pass them on. */
  readonly allowedHosts: readonly string[];
  /** True when others than this machine can reach the server. */
  readonly listensBeyondLoopback: boolean;
}

type Headers = NodeJS.Dict<string | string[]>;

function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1";
}

function hostnameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname;
  } catch {
    return undefined;
  }
}

const digest = (text: string) => createHash("sha256").update(text).digest();

function tokenIn(headers: Headers): string | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(String(headers["authorization"] ?? ""))?.[1];
  return bearer?.trim() ?? (headers["x-modly-token"] as string | undefined);
}

/** Says whether a request carries the token; always true where none is asked for. Takes the same time for any guess. */
export function tokenCheck(token: string | null): (headers: Headers) => boolean {
  if (token === null) return () => true;
  const wanted = digest(token);
  return (headers) => timingSafeEqual(digest(tokenIn(headers) ?? ""), wanted);
}

/**
 * Keeps out whoever should not call: web pages of other origins, names that were bent to this
 * machine (DNS rebinding), and with a token set, all who do not have it.
 *
 * `secure` sets the headers of whatever is refused.
 *
 * A browser always says `Origin` and `Host` truly, so a page can't get around this.
 */
export function guard(options: GuardOptions, secure: RequestHandler): RequestHandler {
  const { token, allowedOrigins, allowedHosts, listensBeyondLoopback, instance } = options;
  const hasToken = tokenCheck(token);
  const ownNames = new Set(allowedHosts.map((name) => name.toLowerCase()));
  // Only a name can be bent to another address; an address in figures is what it says.
  const isOwn = (host: string) =>
    isLoopback(host) ||
    ownNames.has(host) ||
    (listensBeyondLoopback && isIP(host.replaceAll(/[[\]]/g, "")) !== 0);
  // Nearly every request names the same host: it is taken apart once.
  let lastHost: string | undefined;
  function isOwnHost(given: string): boolean {
    if (given === lastHost) return true;
    const host = hostnameOf(`http://${given}`);
    if (!host || !isOwn(host)) return false;
    lastHost = given;
    return true;
  }
  return (req, res, next) => {
    const deny = (...[to, code, detail]: Parameters<typeof refuse>) =>
      secure(req, res, () => refuse(to, code, detail));
    const asked = req.headers[INSTANCE_HEADER];
    if (asked !== undefined && asked.includes(instance))
      return deny(
        res,
        "forbidden_host",
        "This server asked itself: its --modly-url leads back to it. Point it at a Modly.",
      );
    if (!isOwnHost(req.headers.host ?? ""))
      return deny(
        res,
        "forbidden_host",
        "This server answers to its own address only, not to the name in Host. Allow a name with --allow-host.",
      );
    const { origin } = req.headers;
    if (
      origin !== undefined &&
      !allowedOrigins.includes(origin) &&
      !isLoopback(hostnameOf(origin) ?? "")
    )
      return deny(
        res,
        "forbidden_origin",
        "Pages of this origin may not call this server. Allow it with --allow-origin.",
      );
    if (!hasToken(req.headers) && !isOpenPath(req.method, req.path))
      return deny(
        res,
        "unauthorized",
        "This server asks for a token: send Authorization: Bearer <token> or X-Modly-Token.",
      );
    next();
  };
}
