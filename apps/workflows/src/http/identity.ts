import { createHash, timingSafeEqual } from "node:crypto";

import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";

/** How callers say who they are. */
export interface Identities {
  /** The operator's: whoever has it sees everything. */
  readonly token: string | null;
  readonly jwt: {
    /** HS256, or the keys behind an address. */
    readonly key: { readonly secret: string } | { readonly jwks: string };
    readonly issuer: string | null;
    readonly audience: string | null;
    /** The claim that names the tenant; of a claim within a claim, `a.b`. */
    readonly tenantClaim: string;
  } | null;
}

/** Who calls. `tenant` null: whoever runs the service, who sees everything. */
export type Identity =
  | { readonly ok: true; readonly tenant: string | null }
  | { readonly ok: false; readonly why: string; readonly away?: true };

/** Signatures of public keys. A secret is no public key, so the two never meet (algorithm confusion). */
const PUBLIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];
/** Faults of whoever has the keys: it does not answer, or not with keys. */
const AWAY = ["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"];
/** Seconds that clocks may differ. */
const CLOCKS = 5;
const LONGEST_TENANT = 100;

/** Tells who calls by the token of a request. */
export function createIdentify({
  token,
  jwt,
}: Identities): (given: string | undefined) => Promise<Identity> {
  const verify = jwt && verifier(jwt);
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const wanted = token === null ? null : digest(token);
  return async (given) => {
    if (!wanted && !verify) return { ok: true, tenant: null };
    if (given === undefined)
      return {
        ok: false,
        why: "This service asks for a token: send Authorization: Bearer <token>.",
      };
    if (wanted && timingSafeEqual(digest(given), wanted)) return { ok: true, tenant: null };
    if (!verify) return { ok: false, why: "This is not the token that this service asks for." };
    return verify(given);
  };
}

function verifier({ key, issuer, audience, tenantClaim }: NonNullable<Identities["jwt"]>) {
  const rules = {
    ...(issuer === null ? {} : { issuer }),
    ...(audience === null ? {} : { audience }),
    clockTolerance: CLOCKS,
    requiredClaims: ["exp"],
  };
  const secret = "secret" in key ? new TextEncoder().encode(key.secret) : undefined;
  const keys = "jwks" in key ? createRemoteJWKSet(new URL(key.jwks)) : undefined;
  return async (given: string): Promise<Identity> => {
    try {
      const { payload } = secret
        ? await jwtVerify(given, secret, { ...rules, algorithms: ["HS256"] })
        : await jwtVerify(given, keys!, { ...rules, algorithms: PUBLIC });
      return tenantOf(payload, tenantClaim);
    } catch (cause) {
      if (cause instanceof errors.JWTExpired)
        return { ok: false, why: "The token has expired: get a new one." };
      if (cause instanceof errors.JWTClaimValidationFailed)
        return {
          ok: false,
          why: `The token's claim ${cause.claim} is missing or not the right one.`,
        };
      const isToken = cause instanceof errors.JOSEError && !AWAY.includes(cause.code);
      if (isToken) return { ok: false, why: "The token is not one that this service trusts." };
      return {
        ok: false,
        away: true,
        why: "The keys that tokens are checked with can't be fetched.",
      };
    }
  };
}

function tenantOf(payload: JWTPayload, claim: string): Identity {
  let found: unknown = payload;
  for (const part of claim.split("."))
    found =
      typeof found === "object" && found !== null
        ? (found as Record<string, unknown>)[part]
        : undefined;
  if (typeof found !== "string" || found === "" || found.length > LONGEST_TENANT)
    return { ok: false, why: `The token names no tenant: its claim ${claim} must be a text.` };
  return { ok: true, tenant: found };
}
