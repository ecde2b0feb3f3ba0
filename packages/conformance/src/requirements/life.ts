import { must, should } from "./row.ts";

/** LIF: the life of a run, judged on the recorded histories. */
export const LIFE = {
  "LIF-01": must(
    "An active run moves forwards",
    "If one read ended before another began and showed pending or running, the later status can be reached from it.",
    "A run that goes back confuses everyone who waits.",
    "R-L2",
  ),
  "LIF-02": must(
    "Progress never falls",
    "If one read ended before another began, the later progress is not smaller.",
    "A bar that jumps back is a lie, now or before.",
    "R-L3",
  ),
  "LIF-03": must(
    "An end is an end",
    "After a read showed done, error or cancelled, no later read shows another status.",
    "Clients stop looking then.",
    "R-L4",
  ),
  "LIF-04": must(
    "An ended run stays as it is",
    "Reads that show the same end are equal in their whole body.",
    "Late callbacks write into runs that are over.",
    "R-L4",
  ),
  "LIF-05": must(
    "A run ends",
    "Every accepted run ends within the budget.",
    "A stuck run is waited for for ever.",
    "R-L6",
  ),
  "LIF-06": must(
    "Only we cancel our runs",
    "A run that nobody cancelled is never cancelled.",
    "Somebody else's cancel hit it.",
    "R-L7",
  ),
  "LIF-07": must(
    "Done and its file appear together",
    "Whoever reads done first can download output_url at that instant.",
    "Clients fetch at once.",
    "R-L8",
  ),
  "LIF-08": must(
    "An error and its reason appear together",
    "The first read of error has its text.",
    "Clients read it at once.",
    "R-G7",
  ),
  "LIF-09": must(
    "A long run is seen active",
    "Of runs_long at least one read shows pending or running.",
    "Otherwise there is nothing to follow or cancel.",
    "R-L10",
  ),
  "LIF-10": must(
    "A failure stays alone",
    "A failing run beside a good one: the good one ends done.",
    "Runs do not touch each other.",
    "R-L9",
  ),
  "LIF-11": must(
    "Life after a failure",
    "A good run after a failed one ends done.",
    "A worker may be poisoned.",
    "R-L9",
  ),
  "LIF-12": should(
    "An ended run is kept",
    "Within ten minutes, or retention_ms, an ended run can still be read and is the same; once gone, it stays gone.",
    "The person may come back after lunch.",
    "R-L11",
  ),
  "LIF-13": must(
    "Restart",
    "Where capabilities claims it: after a restart (hook) an ended run is the same, and an active one ends.",
    "A run must not be active for ever because its process is gone.",
    "R-L13",
  ),
  "LIF-14": must(
    "One end only",
    "All reads that show an end of one run show the same end.",
    "Two replicas, or two writers, disagree.",
    "R-L4",
  ),
  "LIF-15": must(
    "One story explains all answers",
    "Each run's reads and cancel answers can be put into one order that keeps real time and the life of a run.",
    "The sum of the rules above; the counter-example is a pair of requests.",
    "R-L1",
    "R-L5",
  ),
  "LIF-16": should(
    "A queued run is pending",
    "Where there is a queue: a waiting run shows pending before it shows running.",
    "People want to know whether anything has begun.",
    "R-L12",
  ),
  "LIF-17": must(
    "Each run ends as its like",
    "Of runs that nobody cancelled, each ends as its recipe promises and as the others did: whichever it is, and whatever else goes on.",
    "One in ten that fails for nothing is found by people, not by a try.",
    "R-L14",
  ),
} as const;
