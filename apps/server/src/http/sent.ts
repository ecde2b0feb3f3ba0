import type { NextFunction, Response } from "express";

import { refuse } from "./problems.ts";

export const NO_SUCH_FILE = "There is no such file in the workspace.";

/** What to do when a file was sent, or could not be: only what is not there is a 404. */
export function sent(res: Response, next: NextFunction): (cause?: Error) => void {
  return (cause) => {
    if (!cause || res.headersSent) return;
    // What was said of the file is not true of the refusal.
    for (const name of ["Content-Disposition", "ETag", "Last-Modified"]) res.removeHeader(name);
    const { status } = cause as { status?: number };
    if (status === 416)
      refuse(res, "range_not_satisfiable", "The file is shorter than that range.");
    else if (status === 412)
      refuse(res, "precondition_failed", "The file is not the one that If-Match names.");
    else if (status === 404) refuse(res, "file_not_found", NO_SUCH_FILE);
    else next(cause);
  };
}
