import type { RequestValidationError } from "@ts-rest/express";
import type { NextFunction, Request, Response } from "express";
import type { ZodIssue } from "zod";

import { refuse, sentenceOfErrors } from "./problems.ts";

function messageOf(issue: ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  return issue.received === "undefined" ? "is missing" : "must be one text, sent once";
}

/** What zod found wrong with a request, as a refusal. */
export function refuseInvalid(
  error: RequestValidationError,
  _req: Request,
  res: Response,
  next: NextFunction,
): void {
  if (error.pathParams)
    return refuse(
      res,
      "invalid_run_id",
      "This is not a run id: those have 1 to 128 letters, digits, dots, dashes, underscores or tildes.",
    );
  const issues = error.body?.issues ?? error.headers?.issues;
  if (!issues) return next(error);
  const errors = issues.map((issue) => ({
    field: issue.path.join(".") || "body",
    message: messageOf(issue),
  }));
  const missing = errors.every(({ message }) => message.startsWith("is missing"));
  refuse(res, missing ? "missing_field" : "invalid_field", sentenceOfErrors(errors), errors);
}
