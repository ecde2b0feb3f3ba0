import { isIP } from "node:net";

import type { RequestHandler, Response } from "express";

import type { Identity } from "./identity.ts";
import { refuse } from "./problems.ts";

export interface GuardOptions {
  readonly identify: (token: string | undefined) => Promise<Identity>;
  /** Origins whose pages may call, besides those of this machine. */
  readonly allowedOrigins: readonly string[];
  /** Host names that lead here besides this machine's own, as a proxy may pass them on. */
  readonly allowedHosts: readonly string[];
  /** True when others than this machine can reach the service. */
  readonly listensBeyondLoopback: boolean;
}

/** True for a host name or an address of this machine itself. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replaceAll(/^\[|\]$/g, "").toLowerCase();
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1";
}

const hostnameOf = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).hostname : undefined;

/** The tenant of a request that the guard let through; null for whoever runs the service. */
export const tenantOf = (res: Response): string | null => res.locals["tenant"] as string | null;

/**
 * Keeps out whoever should not call: web pages of other origins, names that were bent to this machine (DNS rebinding),
 * and all who can't say who they are. A browser always says `Origin` and `Host` truly.
 */
export function guard(options: GuardOptions): RequestHandler {
  const { identify, allowedOrigins, allowedHosts, listensBeyondLoopback } = options;
  const ownNames = new Set(allowedHosts.map((name) => name.toLowerCase()));
  // Only a name can be bent to another address; an address in figures is what it says.
  const isOwn = (host: string) =>
    isLoopback(host) ||
    ownNames.has(host) ||
    (listensBeyondLoopback && isIP(host.replaceAll(/[[\]]/g, "")) !== 0);
  return (req, res, next) => {
    const host = hostnameOf(`http://${req.headers.host ?? ""}`);
    if (host === undefined || !isOwn(host))
      return refuse(
        res,
        "forbidden_host",
        "This service answers to its own address only, not to the name in Host. Allow a name with --allow-host.",
      );
    const { origin } = req.headers;
    if (
      origin !== undefined &&
      !allowedOrigins.includes(origin) &&
      !isLoopback(hostnameOf(origin) ?? "")
    )
      return refuse(
        res,
        "forbidden_origin",
        "Pages of this origin may not call this service. Allow it with --allow-origin.",
      );
    // Anybody may ask whether it is there.
    if (req.path === "/health" && (req.method === "GET" || req.method === "HEAD")) return next();
    const given = /^Bearer +(\S+) *$/i.exec(req.headers.authorization ?? "")?.[1];
    identify(given).then((identity) => {
      if (!identity.ok)
        return refuse(res, identity.away ? "keys_away" : "unauthorized", identity.why);
      res.locals["tenant"] = identity.tenant;
      next();
    }, next);
  };
}
