import { must, should } from "./row.ts";

/** CAN: POST /workflow-runs/{run_id}/cancel. */
export const CANCEL = {
  "CAN-01": must(
    "A cancel is answered",
    "Cancelling an active run: 200 or 202, JSON, with status or with a boolean cancelled.",
    "Clients read the answer.",
  ),
  "CAN-02": must(
    "A cancelled run ends",
    "After a cancel the run ends within the cancel budget.",
    "It is what was asked for.",
  ),
  "CAN-03": must(
    "It ends as cancelled",
    "A run that could not have finished in time ends as cancelled after a cancel.",
    "Not as an error, not as done.",
  ),
  "CAN-04": should(
    "The answer is the truth",
    "The first read begun after the cancel's answer already shows the end.",
    "People click once and look.",
  ),
  "CAN-05": must(
    "A queued run can be cancelled",
    "Cancelling a pending run: it ends cancelled and is never seen running after the answer.",
    "Otherwise it starts later and nobody waits for it.",
  ),
  "CAN-06": must(
    "Cancelling a done run changes nothing",
    "2xx, the body of the run is the same, its output still downloads.",
    "The click came too late; the mesh must not vanish.",
  ),
  "CAN-07": must(
    "Cancelling a failed run changes nothing",
    "2xx, the same status and the same error text.",
    "The reason must not be overwritten.",
  ),
  "CAN-08": must(
    "Cancelling twice is cancelling once",
    "The second cancel of a cancelled run: 2xx, and the run is the same.",
    "Retries happen.",
  ),
  "CAN-09": must("Cancelling an unknown run", "404 with JSON.", "The client has to learn it."),
  "CAN-10": must("Cancelling a malformed id", "4xx, never 5xx.", "Ids come from outside."),
  "CAN-11": must(
    "Twenty cancels at once",
    "No 5xx, all answers 2xx, one end.",
    "Impatient people and retries.",
  ),
  "CAN-12": must(
    "A cancel racing with the end",
    "Cancels swept over the moment of completion: each run ends done or cancelled, one story explains it, and done has its file.",
    "Whichever is written last wins in a careless server.",
  ),
  "CAN-13": must(
    "Cancelled is for good",
    "For twice the time that the run would have taken, it never leaves cancelled.",
    "The work was not stopped and writes its result.",
  ),
  "CAN-14": must(
    "Cancelling a running run hits no other",
    "Cancel running A beside B: B ends done.",
    "A found bug: the process of another run is killed.",
  ),
  "CAN-15": must(
    "Cancelling an ended run hits no other",
    "Cancel ended A beside running B: B ends done.",
    "A found bug: the process of another run is killed.",
  ),
  "CAN-16": must(
    "Cancelling a queued run hits no other",
    "Cancel queued A beside running B: B ends done.",
    "A found bug: the process of another run is killed.",
  ),
  "CAN-17": should(
    "A cancel frees its slot",
    "After cancels a new run ends in the usual time.",
    "Otherwise the server stops after a few cancels.",
  ),
  "CAN-18": must(
    "Any body will do",
    "Empty, JSON, garbage, 1 MB: the cancel is accepted.",
    "Known clients send no body and no type.",
  ),
  "CAN-19": must(
    "Only POST cancels",
    "GET and HEAD on /cancel: 404 or 405, and the run goes on.",
    "Browsers and previews fetch links on their own.",
  ),
  "CAN-20": must(
    "A cancel right after the create",
    "On the same connection, 0 ms after the answer: the run ends, and one story explains it.",
    "The worker may not have heard of the run yet.",
  ),
  "CAN-21": should(
    "A cancel is answered soon",
    "Within 5 s (times time_scale) while the model is busy.",
    "Native code may block it.",
  ),
  "CAN-22": should(
    "A cancelled run leaves no file",
    "No read of a cancelled run names a file that can be fetched.",
    "Half a mesh is worse than none.",
  ),
  "CAN-23": must(
    "Life after many cancels",
    "After a storm of cancels a normal run ends done.",
    "A flag that stays set cancels the next run.",
  ),
  "CAN-24": should(
    "The whole cancel answer",
    "The answer has run_id, status and a boolean cancelled.",
    "Known clients show the one and test the other.",
  ),
  "CAN-25": should(
    "cancelled tells the truth",
    "cancelled is true only for a run that is cancelled: false for one that ended otherwise.",
    'A client shows "cancelled" over a finished mesh.',
  ),
} as const;
