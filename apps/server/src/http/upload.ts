import type { Request, RequestHandler, Response } from "express";
import multer, { type StorageEngine } from "multer";

import type { ReceivedUpload, Uploads } from "../files/run-files.ts";
import type { Limits } from "../config.ts";
import type { Log } from "../log.ts";
import { isOutOfRoom } from "../out-of-room.ts";
import { cutOff, refuse } from "./problems.ts";

/** Text fields a form may have; those we don't know are ignored. */
const FIELDS = 100;

/**
 * Types under which a picture may come; its bytes decide. A part without a type is text/plain by the
 * form's own rules (RFC 7578, section 4.4), and many clients send octets.
 */
const MAYBE_AN_IMAGE = /^(?:image\/|application\/octet-stream$|text\/plain$)/i;

const NOT_AN_IMAGE = "File must be an image";

/** The upload a request brought, for the handler behind the middleware. */
export function uploadOf(res: Response): ReceivedUpload | undefined {
  return res.locals["upload"] as ReceivedUpload | undefined;
}

/** The caller has it now: it is not removed when the answer is out or the client gone. */
export function takeUpload(res: Response): void {
  res.locals["upload"] = undefined;
}

/** Calls back with the number of bytes as they arrive. */
export function watchArrival(res: Response, arrived: (bytes: number) => void): void {
  res.locals["arrived"] = arrived;
}

/** Text parts may have so much more than the largest params, all together: names, headers, what nobody asked for. */
const OTHER_TEXT_BYTES = 1024 ** 2;

/** Counts what comes; all text of one form is kept in memory, so it is bounded as a whole. */
function countArrival(req: Request, res: Response, { maxParamsBytes }: Limits): void {
  const most = maxParamsBytes + OTHER_TEXT_BYTES;
  const arrived = res.locals["arrived"] as ((bytes: number) => void) | undefined;
  let bytes = 0;
  req.on("data", (chunk: Buffer) => {
    arrived?.(chunk.length);
    bytes += chunk.length;
    if (bytes - (pictureBytes.get(res) ?? 0) <= most) return;
    cutOff(
      res,
      "request_too_large",
      `The form's text is larger than ${Math.floor(most / 1024)} KiB in all. Send model_id, params, collection and the picture only.`,
    );
  });
}

/** How much of each form was picture so far; infinite once the form is refused, whose rest is only read past. */
const pictureBytes = new WeakMap<Response, number>();

function readPast({ res }: Request): void {
  if (res) pictureBytes.set(res, Infinity);
}

/** Multer hands each file to this; it goes to disk as it comes, never whole into memory. */
function storageOf(uploads: Uploads, log: Log): StorageEngine {
  return {
    _handleFile(req, file, done) {
      // A client that goes away ends the request, not the part: without this the part waits for ever.
      // A request that is complete closes too, with its last bytes still on their way to disk.
      const gone = () => {
        if (!req.complete) file.stream.destroy(new Error("the client went away"));
      };
      req.once("close", gone);
      file.stream.on("data", (chunk: Buffer) => {
        if (req.res) pictureBytes.set(req.res, (pictureBytes.get(req.res) ?? 0) + chunk.length);
      });
      // At once: by the time that the part of a file is removed, more of it may have come.
      file.stream.once("close", () => {
        if (!file.stream.readableEnded) readPast(req);
      });
      uploads
        .receive(file.stream)
        .then(
          async (upload) => {
            const { res } = req;
            if (!res || res.closed) return uploads.remove(upload.key);
            res.locals["upload"] = upload;
            res.once("close", () => {
              const left = uploadOf(res);
              if (left)
                uploads
                  .remove(left.key)
                  .catch((cause: unknown) =>
                    log.warn(
                      { err: cause },
                      "a picture that nobody needs stays until the next start",
                    ),
                  );
            });
            done(null, {});
          },
          (cause: unknown) => {
            readPast(req);
            done(cause);
          },
        )
        .catch(done)
        .finally(() => req.off("close", gone));
    },
    _removeFile(_req, _file, done) {
      done(null); // the answer's end removes it
    },
  };
}

/** What multer refuses, in our words. */
const MULTER_REFUSALS: Record<string, (res: Response, field: string, limits: Limits) => void> = {
  LIMIT_FILE_SIZE: (res, _field, { maxImageBytes }) =>
    refuse(
      res,
      "image_too_large",
      `The picture is larger than ${maxImageBytes / 1024 ** 2} MiB. Send a smaller one.`,
    ),
  LIMIT_FIELD_VALUE: (res, field, { maxParamsBytes }) =>
    refuse(
      res,
      "params_too_large",
      `The field ${field} is larger than ${maxParamsBytes / 1024} KiB.`,
    ),
  LIMIT_UNEXPECTED_FILE: (res, field) =>
    refuse(
      res,
      "unexpected_file",
      `Send one picture, in the part image; there is another file in ${field}.`,
    ),
  LIMIT_FILE_COUNT: (res) =>
    refuse(res, "unexpected_file", "Send one picture, in the part image; there is another file."),
};

function refuseUpload(res: Response, cause: unknown, limits: Limits): boolean {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const { field = "the form" } = cause as { field?: string };
  if (message === NOT_AN_IMAGE) refuse(res, "not_an_image", NOT_AN_IMAGE);
  else if (Object.hasOwn(MULTER_REFUSALS, code))
    MULTER_REFUSALS[code]!(res, field.slice(0, 80), limits);
  else if (isOutOfRoom(cause))
    refuse(
      res,
      "storage_full",
      "The server has no room left for the picture. Nothing was created; try again later.",
    );
  else if (
    cause instanceof multer.MulterError ||
    (cause instanceof Error &&
      !("errno" in cause) &&
      /multipart|boundary|unexpected end|malformed|aborted|header/i.test(cause.message))
  )
    refuse(
      res,
      "malformed_request",
      "The form can't be read: it is cut short or not well-formed multipart/form-data.",
    );
  else return false;
  return true;
}

/** Reads the form of a create: text fields to `req.body`, the picture to disk. */
export function readForm(uploads: Uploads, limits: Limits, log: Log): RequestHandler {
  const read = multer({
    storage: storageOf(uploads, log),
    limits: {
      fileSize: limits.maxImageBytes,
      fieldSize: limits.maxParamsBytes,
      fieldNameSize: 200,
      fields: FIELDS,
      files: 1,
      parts: FIELDS + 2,
    },
    fileFilter(req, file, accept) {
      const fault =
        file.fieldname !== "image"
          ? new multer.MulterError("LIMIT_UNEXPECTED_FILE", file.fieldname)
          : MAYBE_AN_IMAGE.test(file.mimetype)
            ? undefined
            : new Error(NOT_AN_IMAGE);
      if (fault === undefined) return accept(null, true);
      readPast(req);
      accept(fault);
    },
  }).single("image");

  const mostBytes = limits.maxImageBytes + FIELDS * limits.maxParamsBytes;

  return (req, res, next) => {
    if (Number(req.headers["content-length"]) > mostBytes) {
      // Nobody should send gigabytes to hear that they are too many.
      res.setHeader("Connection", "close");
      refuse(
        res,
        "request_too_large",
        `The request is larger than any create can be. A picture may have ${limits.maxImageBytes / 1024 ** 2} MiB.`,
      );
      return;
    }
    if (!/^multipart\/form-data\b/i.test(req.headers["content-type"] ?? "")) {
      refuse(
        res,
        "unsupported_media_type",
        "Send multipart/form-data with a picture in the part image and a model_id.",
      );
      return;
    }
    countArrival(req, res, limits);
    void read(req, res, (cause: unknown) => {
      if (!cause) next();
      else if (!refuseUpload(res, cause, limits)) next(cause);
    });
  };
}
