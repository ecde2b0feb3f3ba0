import { must, should } from "./row.ts";

/** SEC: what a stranger may do to it. */
export const SECURITY = {
  "SEC-01": must(
    "No file from outside the workspace",
    "No spelling of a path below /workspace gives a file of the machine: dot-dot, encoded once or twice, backslash, absolute, overlong, with NUL.",
    "Whoever reaches the port reads the disk.",
  ),
  "SEC-02": must(
    "No path in a run id",
    "A run id with an encoded way up is refused, by a read and by a cancel.",
    "Ids become names of files sooner or later.",
  ),
  "SEC-03": must(
    "No path in a file name",
    "Whatever the picture is called, the create is refused or its mesh lies below /workspace.",
    "Upload libraries hand the client's name on.",
  ),
  "SEC-04": must(
    "No path in params",
    "Params called output_dir and the like move no mesh out of /workspace.",
    "Params are passed on to code that knows them.",
  ),
  "SEC-05": must(
    "No line break into a header",
    "Line breaks in an id, a model_id or a file name add no header to the answer.",
    "Whoever writes headers steers browsers and proxies.",
  ),
  "SEC-06": must(
    "An endless upload is stopped",
    "An upload without end is refused or cut off before 256 MiB, and the server lives on.",
    "A disk or a memory fills up from outside.",
  ),
  "SEC-07": should(
    "A decompression bomb",
    "A tiny PNG of 1.6 gigapixels is refused or its run ends, and reads are answered meanwhile.",
    "One picture of 200 KB takes all memory.",
  ),
  "SEC-08": must(
    "Slow clients hold up nobody",
    "While 50 connections are silent in their headers and 50 in their bodies, reads are answered, and a create is accepted within 30 s.",
    "A hundred sockets cost an attacker nothing.",
  ),
  "SEC-09": should(
    "Silent connections are closed",
    "A connection that stops in the middle of its headers is closed within 120 s.",
    "Sockets run out.",
  ),
  "SEC-10": must(
    "Uploads that are given up leave nothing",
    "After 100 uploads that broke off half-way, the next run ends done.",
    "Places and temporary files run out.",
  ),
  "SEC-11": should(
    "A failure tells no secrets",
    "The error of a failed run has no stack and no absolute path.",
    "It goes to people who should not learn how the server is built.",
  ),
  "SEC-12": must(
    "A refusal tells no secrets",
    "No answer of 4xx or 5xx has a stack or an absolute path that was not sent.",
    "Development pages of frameworks do.",
  ),
  "SEC-13": should(
    "Outputs are not sniffed",
    "What comes from /workspace has X-Content-Type-Options: nosniff.",
    "A browser may take a mesh for a page.",
  ),
  "SEC-14": must(
    "One request is one request",
    "A create with two lengths, or with a length and chunks, gives one answer at most, and the connection is closed.",
    "Behind a proxy the rest would be somebody else's request.",
  ),
  "SEC-15": should(
    "A local server refuses strangers' pages",
    "On a loopback address, a foreign Host or Origin is refused.",
    "Any page in a browser reaches a local port.",
  ),
  "SEC-16": must(
    "No doors for tests",
    "Nothing below /__conformance/ answers anything but 404.",
    "Hooks for tests were left on.",
  ),
  "SEC-17": should(
    "X-HTTP-Method-Override is ignored",
    "A GET with it cancels nothing.",
    "A link can do what only a form may.",
  ),
  "SEC-18": should(
    "No active content",
    "An SVG or HTML in place of a picture is refused, or never served under an active type.",
    "A stored script runs with the server's origin.",
  ),
} as const;
