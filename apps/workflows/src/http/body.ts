import express, { type RequestHandler } from "express";

import { refuse } from "./problems.ts";

/** Levels of a body: what is deeper can be read, and not written again. */
const MOST_LEVELS = 64;
/** Values and names of a body: a thousand steps have some thirty each. */
const MOST_PIECES = 50_000;
/** Characters of a body beside its files: it is stored, and in each answer. */
const MOST_TEXT = 1024 * 1024;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** What is said of a body that is no JSON we take. */
class Unfit extends Error {}

/** Counts levels and pieces before anything is made of them: JSON in UTF-8, right or wrong. */
function measure(json: Buffer): void {
  let levels = 0;
  let pieces = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === QUOTE) at = endOfText(json, at);
    else if (OPENING.includes(byte)) {
      pieces++;
      levels++;
    } else if (CLOSING.includes(byte)) levels--;
    else if (byte === COMMA) pieces++;
    if (levels > MOST_LEVELS) throw new Unfit(`It nests deeper than ${MOST_LEVELS} levels.`);
    if (pieces > MOST_PIECES)
      throw new Unfit(`It has more than ${MOST_PIECES} values. Make several workflows of it.`);
  }
}

function endOfText(json: Buffer, start: number): number {
  for (let at = start; ;) {
    at = json.indexOf(QUOTE, at + 1);
    if (at === -1) return json.length;
    let slashes = 0;
    while (json[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
}

/** What JSON can say and nothing here can keep as it is. */
function wrongText(text: string): string | undefined {
  if (text.includes("\0")) return "A text of it holds the character NUL.";
  return /\p{Cs}/u.test(text)
    ? "A text of it holds half a character: a lone surrogate."
    : undefined;
}

/** Why a body can't be kept and given back as it is; undefined if it can. */
function whyUnfit(body: unknown): string | undefined {
  let characters = 0;
  const todo: unknown[] = [body];
  while (todo.length > 0) {
    const one = todo.pop();
    if (typeof one === "string") {
      const wrong = wrongText(one);
      if (wrong !== undefined) return wrong;
      // Files are kept elsewhere, once.
      if (!one.startsWith("data:")) characters += one.length;
    } else if (Array.isArray(one)) for (const value of one) todo.push(value);
    else if (typeof one === "object" && one !== null)
      for (const [name, value] of Object.entries(one)) {
        if (name === "__proto__") return "Nothing can be called __proto__.";
        todo.push(name, value);
      }
    if (characters > MOST_TEXT)
      return `It has more than ${MOST_TEXT} characters beside its files in data:.`;
  }
  return undefined;
}

/**
 * Reads a body of JSON, and says what is wrong with one that can't be read. What comes after it works on a body of
 * bounded levels and pieces, whose texts can be stored anywhere.
 *
 * @param most bytes
 */
export function readJson(most: number): RequestHandler {
  const parse = express.json({
    limit: most,
    strict: false,
    type: () => true,
    verify: (_req, _res, json) => measure(json),
  });
  return (req, res, next) => {
    const type = req.get("content-type") ?? "";
    const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type)?.[1] ?? "utf-8";
    if ((!req.is("application/json") && !req.is("+json")) || !/^utf-?8$/i.test(charset))
      return refuse(res, "unsupported_media_type", "Send the body as application/json, in UTF-8.");
    parse(req, res, (cause?: Error & { type?: string }) => {
      // Somebody else got its place meanwhile.
      if (res.headersSent) return;
      const unfit = cause ? cause.message : whyUnfit(req.body);
      if (unfit === undefined) return next();
      if (!cause || cause.type === "entity.verify.failed")
        return refuse(res, "malformed_request", `The body can't be taken: ${unfit}`);
      if (cause.type === "entity.too.large")
        return refuse(
          res,
          "request_too_large",
          `The body has more than ${most} bytes. Name files by addresses in place of data:.`,
        );
      if (
        cause.type === "entity.parse.failed" ||
        cause.type?.startsWith("charset") ||
        cause.type?.startsWith("encoding")
      )
        return refuse(res, "malformed_request", `The body is no JSON: ${cause.message}.`);
      next(cause);
    });
  };
}
