import { createHmac } from "node:crypto";

/** A secret as it is handed out: `whsec_` and base64 of 24 to 64 bytes. */
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** The bytes of a secret; undefined if it is none. */
export function secretBytes(secret: string): Buffer | undefined {
  const bytes = Buffer.from(SECRET.exec(secret)?.[1] ?? "", "base64");
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

/** The headers that say who sent a webhook and when (Standard Webhooks, version 1: HMAC of SHA-256). */
export function signed(
  secret: Buffer,
  id: string,
  at: number,
  payload: string,
): Record<string, string> {
  const seconds = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", secret)
    .update(`${id}.${seconds}.${payload}`)
    .digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${signature}`,
  };
}
