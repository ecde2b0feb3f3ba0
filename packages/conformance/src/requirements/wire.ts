import { must } from "./row.ts";

/** WIRE: judged on every exchange of the session. */
export const WIRE = {
  "WIRE-01": must(
    "Every answer is one of the contract",
    "The three endpoints answer in time, with a status the contract or HTTP names for it, never 500, and an error body is JSON with detail.",
    "A client can only handle what was agreed.",
    "R-W3",
  ),
  "WIRE-03": must(
    "No insides in any answer",
    "No detail and no error holds a stack or a path of the server's disk.",
    "It tells an attacker what to try, and a person nothing.",
    "R-W4",
  ),
} as const;
