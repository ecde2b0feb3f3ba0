import { must } from "./row.ts";

/** MOD: programs and bodies that nobody thought of, made from a seed. */
export const GENERATED = {
  "MOD-01": must(
    "Random programs, one step after the other",
    "After any sequence of creates, reads and cancels, every body keeps its rules, one story explains each run, and each run ends.",
    "People find sequences that no test has.",
  ),
  "MOD-02": must(
    "Random programs, several branches at once",
    "The same with two to four clients at work on the same runs, and connections that break.",
    "Races are between requests that no test sends together.",
  ),
  "MOD-03": must(
    "Random forms",
    "Whatever is wrong with a multipart body, the answer is 2xx or 4xx or a closed connection, and the server lives on.",
    "Parsers fall over what a generator finds.",
  ),
  "MOD-04": must(
    "Random params",
    "Whatever JSON is in params, the answer is 2xx or 4xx.",
    "Values travel far before anybody looks at them.",
  ),
} as const;
