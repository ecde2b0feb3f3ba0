import { may, must, should } from "./row.ts";

const NEVER_5XX = "never a 5xx";
const BAD_PICTURE =
  "Refused with 4xx, or the run ends in error. Never done, never without an end, never 5xx.";

/** CRE: POST /workflow-runs/from-image. */
export const CREATE = {
  "CRE-01": must(
    "A create is accepted",
    "PNG, model_id and params give 200 or 202 and a body with run_id and status.",
    "The one thing everybody does first.",
  ),
  "CRE-02": must(
    "The create answer is JSON by type",
    "Content-Type of the create answer is application/json.",
    "Known clients parse by type and drop anything else.",
  ),
  "CRE-03": must(
    "A created run can be read at once",
    "A GET begun after the create answer, on a new connection, gives 200.",
    "A client that sees 404 takes its run for lost.",
  ),
  "CRE-04": must(
    "A run id needs no escaping",
    "run_id has 1 to 128 characters out of A-Z a-z 0-9 . _ ~ -",
    "Clients paste it into a path as it is.",
  ),
  "CRE-05": must(
    "A new run is pending",
    "status of the create answer is pending.",
    "It is a literal of the contract; a client may test for it.",
  ),
  "CRE-06": should(
    "Run ids can't be guessed",
    "Among 20 ids none follows another by counting, and they vary in at least 64 bits.",
    "Where there is no login, the id is all that guards a run.",
  ),
  "CRE-07": must("JPEG is accepted", "A JPEG is accepted as a PNG is.", "Half of all pictures."),
  "CRE-08": should(
    "WebP is accepted or refused",
    `A WebP is accepted or refused with 4xx, ${NEVER_5XX}.`,
    "A missing decoder is no reason to crash.",
  ),
  "CRE-09": must(
    "params may be left out",
    "Without params the run is accepted.",
    "They have a default: {}.",
  ),
  "CRE-10": must(
    "model_id left out",
    `Without model_id: accepted with a default model, or 4xx, ${NEVER_5XX}.`,
    "Older servers have a default model, newer ones ask for one.",
  ),
  "CRE-11": must(
    "The order of parts does not matter",
    "With the picture as the first and as the last part the outcome is the same, fields included.",
    "A streaming parser that reads fields too late drops them without a word.",
  ),
  "CRE-12": must("No picture", "Without an image part: 4xx.", "There is nothing to work on."),
  "CRE-13": must(
    "image as text",
    "image as a text field: 4xx.",
    "A path or a URL is not a picture.",
  ),
  "CRE-14": must(
    "A picture labelled as text",
    "An image part with Content-Type text/plain: 4xx.",
    "The rule that clients of the existing back end know.",
  ),
  "CRE-15": should(
    "A picture without a type",
    `No Content-Type on the part, or application/octet-stream: accepted or 4xx, ${NEVER_5XX}.`,
    "Command line clients leave the type out.",
  ),
  "CRE-16": must(
    "An empty picture",
    "An image of 0 bytes: 4xx.",
    "A run that can't work should not begin.",
  ),
  "CRE-17": must("A truncated picture", BAD_PICTURE, "Uploads break off."),
  "CRE-18": must("Garbage behind a right signature", BAD_PICTURE, "It is what crashes decoders."),
  "CRE-19": must("Text labelled as PNG", BAD_PICTURE, "Labels lie."),
  "CRE-20": must(
    "An unknown model",
    "An unknown model_id: 4xx, no run.",
    "A typo must be told at once.",
  ),
  "CRE-21": must(
    "A hostile model_id",
    `An empty model_id is refused or means the default; 10 KB of it: 4xx; ${NEVER_5XX}.`,
    "A lookup must not crash on what it looks up.",
  ),
  "CRE-22": must(
    "params that are not JSON",
    "4xx.",
    "A silent default hides a typo and wastes a run.",
  ),
  "CRE-23": must(
    "params that are not an object",
    '[], null, 1, "x" and true are each refused with 4xx.',
    "Valid JSON of the wrong shape is a known crash.",
  ),
  "CRE-24": should(
    "An unknown key in params",
    `Accepted or 4xx, ${NEVER_5XX}.`,
    "Newer clients meet older servers.",
  ),
  "CRE-25": must(
    "Keys that poison prototypes",
    `__proto__ and constructor in params: ${NEVER_5XX}, and the next plain run behaves as before.`,
    "One request must not change another.",
  ),
  "CRE-26": should(
    "Enormous params",
    `10,000 levels of nesting and 1 MB of params: an answer in time, ${NEVER_5XX}.`,
    "A parser is the cheapest thing to bring down.",
  ),
  "CRE-27": must(
    "Not multipart",
    "A JSON body, a urlencoded body, no content type: 400, 415 or 422.",
    "The client has to learn that it used the wrong format.",
  ),
  "CRE-28": must(
    "Broken multipart",
    "No boundary, a wrong boundary, a body cut off: 4xx or closed in time, and the server lives.",
    "A parser that waits for ever keeps a connection for ever.",
  ),
  "CRE-29": should(
    "Two pictures",
    "4xx, or exactly one run.",
    "Nobody can know which one was meant.",
  ),
  "CRE-30": must(
    "An unexpected file part",
    `A further file part: accepted or 4xx, ${NEVER_5XX}.`,
    "A well-known upload parser answers 500 by default.",
  ),
  "CRE-31": must(
    "Wrong methods on the create route",
    "GET, PUT, DELETE and PATCH on /workflow-runs/from-image: 404 or 405 with JSON, no run.",
    "from-image must not be taken for a run id.",
  ),
  "CRE-32": must(
    "A trailing slash",
    "The same, 307, 308, or 4xx. Never 301 or 302.",
    "A 301 turns a POST into a GET and the upload is gone.",
  ),
  "CRE-33": should(
    "Refusals leave nothing behind",
    "After 30 refused creates a good one still ends done in the usual time.",
    "A slot or a file that leaks with each refusal stops a server in a day.",
  ),
  "CRE-34": may(
    "Idempotency-Key",
    "The same create twice under one key gives the same run_id (capability idempotency_key).",
    "A retry after a lost answer must not cost a second run.",
  ),
  "CRE-35": must(
    "Create does not wait for the run",
    "For runs_long, create answers in time and the run is still active after it.",
    "A client behind a proxy would time out.",
  ),
  "CRE-36": must(
    "Two equal creates are two runs",
    "Two byte-identical creates give different run_ids.",
    "Whoever asks twice wants two meshes, or to cancel one of two.",
  ),
  "CRE-37": should(
    "Strange file names",
    `Quotes, RFC 5987, emoji, 4 KB: accepted or 4xx, ${NEVER_5XX}.`,
    "File names come from people.",
  ),
  "CRE-38": should("A chunked upload", "Without Content-Length: accepted.", "Proxies do that."),
  "CRE-39": should(
    "Expect: 100-continue",
    "100 and then the answer, or the answer at once; accepted in the end.",
    "curl waits for it above 1 MB.",
  ),
  "CRE-40": should(
    "405 names what is allowed",
    "Where a wrong method on the create route gives 405, the answer has Allow.",
    "HTTP asks for it, and a person sees at once what to do.",
  ),
} as const;
