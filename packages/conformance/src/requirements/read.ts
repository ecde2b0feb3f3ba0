import { may, must, should } from "./row.ts";

/** GET: GET /workflow-runs/{run_id}. The first sixteen are judged on every read of the whole session. */
export const READ = {
  "GET-01": must(
    "A run has its shape",
    "Every 200 of a read is valid against the schema Run: seven keys always, their types, null where the status says so.",
    "Clients read keys without asking whether they are there.",
  ),
  "GET-02": must(
    "A read is of its own run",
    "run_id is the id in the path.",
    "Otherwise runs are mixed up.",
  ),
  "GET-03": must(
    "Five status words",
    "status is pending, running, done, error or cancelled, letter by letter.",
    "Clients stop on three of them; any other word (canceled!) makes them poll for ever.",
  ),
  "GET-04": must(
    "Progress is a whole percentage",
    "progress is a JSON integer from 0 to 100.",
    'Not "50", not 0.5, not null: progress bars compute with it.',
  ),
  "GET-05": must(
    "Pending has no results",
    "While pending: output_url, error and scene_candidate are null.",
    "A client takes a value for an outcome.",
  ),
  "GET-06": should(
    "Pending is at 0",
    "While pending: progress is 0.",
    "Nothing has been done yet.",
  ),
  "GET-07": must(
    "Running has no results",
    "While running: output_url, error and scene_candidate are null.",
    "A file announced too early is fetched half-written.",
  ),
  "GET-08": must(
    "Done has a place",
    "When done: output_url begins with /workspace/ and error is null.",
    "It is where every client fetches the mesh.",
  ),
  "GET-09": must(
    "Done is at 100",
    "When done: progress is 100.",
    "Bars that stop at 99 look stuck.",
  ),
  "GET-10": should(
    "100 is done",
    "When progress is 100, status is done.",
    "Bars that sit at 100 look stuck.",
  ),
  "GET-11": must(
    "A scene candidate exactly when done",
    "scene_candidate is non-null if and only if status is done.",
    "A known client reads it first.",
  ),
  "GET-12": must(
    "Both places are one",
    "When done: workspace_path is output_url without /workspace/.",
    "Two fields for one file drift apart.",
  ),
  "GET-13": must(
    "An error says why",
    "On error: error is a non-empty string; output_url and scene_candidate are null.",
    "It is all that a person gets.",
  ),
  "GET-14": must(
    "Cancelled has no results",
    "When cancelled: output_url and scene_candidate are null.",
    "A cancelled run with a file is neither cancelled nor done.",
  ),
  "GET-15": should(
    "Cancelled is no failure",
    "When cancelled: error is null.",
    "Nobody wants an alarm for it.",
  ),
  "GET-16": should(
    "A step is short text",
    "step is null or a non-empty string of at most 500 characters.",
    "It is shown on one line.",
  ),
  "GET-17": must("An unknown run", "404 with JSON and detail.", "Clients print detail."),
  "GET-18": must(
    "Malformed ids",
    "8 KB, %00, %ff, emoji, a space, ..%2f: 4xx with JSON. Never 5xx, never 200.",
    "Ids come from outside.",
  ),
  "GET-19": should(
    "An active run is not cached",
    "While active: Cache-Control has no-store or no-cache.",
    "A cached status freezes a client's progress.",
  ),
  "GET-20": must(
    "No 304 once it has changed",
    "If-None-Match with the ETag of an earlier state never gives 304 after the state changed.",
    "Frameworks make ETags by themselves, sometimes of too little.",
  ),
  "GET-21": should(
    "HEAD",
    "HEAD gives the status of GET and no body.",
    "HTTP says so; probes use it.",
  ),
  "GET-22": must(
    "Reading changes nothing",
    "300 reads of an ended run are equal.",
    "Reads have no effects.",
  ),
  "GET-23": should(
    "Accept: text/html",
    "JSON, or 406.",
    "Opening the URL in a browser should show the run.",
  ),
  "GET-24": should(
    "Ids match exactly",
    "The id with x, %20 or / behind it, or with its letters' case turned: 404 (a slash may redirect with 307 or 308, a space may be a 400).",
    "Otherwise one run has many names.",
  ),
  "GET-25": may(
    "Retry-After",
    "While active: Retry-After is a whole number of seconds.",
    "Pollers can be told their pace.",
  ),
  "GET-26": must(
    "Wrong methods on a run",
    "PUT, DELETE and PATCH: 404 or 405, and the run is unchanged.",
    "Only cancel ends a run.",
  ),
  "GET-27": should(
    "Unknown routes",
    "An unknown route under /workflow-runs: 404 with JSON.",
    "A client that gets HTML shows nothing useful.",
  ),
  "GET-28": may(
    "Further keys",
    "Keys beyond the seven are listed.",
    "They are legal; it is good to know them.",
  ),
} as const;
