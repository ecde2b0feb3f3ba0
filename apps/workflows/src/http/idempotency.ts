import { createHash } from "node:crypto";

import type { RequestHandler, Response } from "express";

import { tenantOf } from "./guard.ts";
import { refuse } from "./problems.ts";

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The key that a create is known by when it is sent again. */
export const keyOf = (res: Response): string | undefined => res.req.get("idempotency-key");

/** Refuses a key that can't be one, and one whose first create is still under way here. */
export function boundKeys(): RequestHandler {
  const inUse = new Set<string>();
  return (_req, res, next) => {
    const key = keyOf(res);
    if (key === undefined) return next();
    if (!KEY.test(key))
      return refuse(
        res,
        "invalid_field",
        "Idempotency-Key must be 1 to 255 visible ASCII characters.",
        [{ field: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters" }],
      );
    const own = JSON.stringify([tenantOf(res), key]);
    if (inUse.has(own))
      return refuse(
        res,
        "create_in_progress",
        "A create with this Idempotency-Key is still under way. Ask again in a moment.",
      );
    inUse.add(own);
    res.once("close", () => inUse.delete(own));
    next();
  };
}

/** The same for the same create, whatever the order of its keys. */
export const digestOf = (create: unknown): string =>
  createHash("sha256").update(JSON.stringify(create, sorted)).digest("hex");

const sorted = (_name: string, value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
