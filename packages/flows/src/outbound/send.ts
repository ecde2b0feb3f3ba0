import { lookup as resolve, type LookupAddress } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as plain } from "node:http";
import { request as secure } from "node:https";
import { isIP, type LookupFunction } from "node:net";

import type { Reach } from "./reach.ts";

/** What is sent to somebody whose address was told by somebody else. */
export interface Outbound {
  readonly method: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  readonly reach: Reach;
  /** Bytes of the answer that are read; what is more is left. */
  readonly most: number;
  readonly signal?: AbortSignal | undefined;
  /** Redirects that are followed, each looked at like the first; none if left out. */
  readonly redirects?: number | undefined;
}

/** An answer, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** True if there was more than was read. */
  readonly cut: boolean;
}

/** Milliseconds without a sign of life. */
const SILENCE = 300_000;

/** An address that may not be connected to. */
export class OutOfReach extends Error {
  override name = "OutOfReach";
}

/**
 * Sends a request. The address that is connected to is the one that was looked at, so a name that is bent to another
 * address in between (DNS rebinding) leads nowhere.
 *
 * @throws OutOfReach when `reach` says no, and whatever a connection throws.
 */
export async function send(url: string, outbound: Outbound): Promise<Answer> {
  let target = new URL(url);
  for (let left = outbound.redirects ?? 0; ; left--) {
    const { answer, location } = await once(target, outbound);
    if (location === undefined || left <= 0) return answer;
    target = new URL(location, target);
  }
}

function once(
  target: URL,
  { method, headers = {}, body, reach, most, signal }: Outbound,
): Promise<{ answer: Answer; location: string | undefined }> {
  return new Promise((done, reject) => {
    const host = target.hostname.replaceAll(/^\[|\]$/g, "");
    if (target.protocol !== "http:" && target.protocol !== "https:")
      return reject(new OutOfReach(`${target.protocol} is no web address`));
    // A name is looked at when it is resolved; an address in figures never is.
    if (isIP(host) !== 0 && !reach(host)) return reject(outOfReach(host));
    const request: ClientRequest = (target.protocol === "https:" ? secure : plain)(target, {
      method,
      headers: { ...headers, ...(body ? { "content-length": String(body.length) } : {}) },
      lookup: lookupWithin(reach),
      timeout: SILENCE,
      ...(signal ? { signal } : {}),
    });
    request.once("timeout", () => request.destroy(new Error("it said nothing for 5 minutes")));
    request.once("error", reject);
    request.once("response", (response) => {
      read(response, most).then(({ bytes, cut }) => {
        const status = response.statusCode ?? 0;
        const moved = status >= 300 && status < 400 ? response.headers.location : undefined;
        done({ answer: { status, body: bytes, cut }, location: moved });
      }, reject);
    });
    request.end(body);
  });
}

async function read(response: IncomingMessage, most: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > most) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), cut: size > most };
}

/** Resolves a name to addresses that may be connected to. */
function lookupWithin(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (cause, addresses: LookupAddress[]) => {
      if (cause) return callback(cause, "", 0);
      const within = addresses.filter(({ address }) => reach(address));
      const [first] = within;
      if (!first) return callback(outOfReach(hostname), "", 0);
      if (options.all) callback(null, within);
      else callback(null, first.address, first.family);
    });
  };
}

/** Which address a name leads to is not told: it may be one that only this network's names know. */
const outOfReach = (host: string) =>
  new OutOfReach(
    isIP(host) === 0 ? `${host} leads to no public address` : `${host} is no public address`,
  );
