import { must, should } from "./row.ts";

/** LOD: what many at once do to it. */
export const LOAD = {
  "LOD-01": must(
    "25 creates at once",
    "Each is accepted, or answered 429 or 503 in JSON.",
    "Batches are how people use it.",
  ),
  "LOD-02": must("All of them end", "Every accepted one ends.", "Runs get lost under load."),
  "LOD-03": must("All of them differ", "No two have the same run_id.", "Ids from a clock collide."),
  "LOD-04": should(
    "Busy says until when",
    "429 and 503 have a Retry-After.",
    "Clients ask again at once, all of them.",
  ),
  "LOD-05": must(
    "Reads are answered while it works",
    "With 12 runs at work, 99 of 100 reads take no more than a second (times time_scale).",
    "The work blocks the loop that answers.",
  ),
  "LOD-06": must(
    "A storm passes",
    "After 300 mixed requests at once none was answered 500, every run ends, and the next one is done.",
    "Rare paths meet only under load.",
  ),
  "LOD-07": should(
    "First come, first served",
    "No waiting run is started while two older ones still wait.",
    "The first of a batch never comes.",
  ),
  "LOD-08": should(
    "Memory does not grow with runs",
    "400 short runs grow the resident memory by less than 64 MiB; needs hooks.memory.",
    "It runs for weeks.",
  ),
} as const;
