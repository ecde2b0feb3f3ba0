import { correct, sha256, textOf } from "../behaviour.ts";
import { isAnswer, json, refuse } from "../http.ts";
import type { StoredRun } from "../lab.ts";
import { glb, triangle } from "../mesh.ts";
import { crash, instead, type Mutant, shownWhen } from "./mutant.ts";

const PASSWD = Buffer.from("root:x:0:0:root:/root:/bin/sh\n");

/** Hands out a file of the system to whoever spells the way in one manner. */
const leaks = (spelled: RegExp): Mutant["overrides"] => ({
  file: (lab, path, request) =>
    spelled.test(path) && path.includes("passwd")
      ? { status: 200, headers: { "Content-Type": "text/plain" }, body: PASSWD }
      : correct.file(lab, path, request),
});

/** Takes pictures of one kind for broken. */
const refusesPicture = (wrong: (bytes: Buffer) => boolean): Mutant["overrides"] => ({
  pictureFault: (bytes) => (wrong(bytes) ? "Not a picture for this." : correct.pictureFault(bytes)),
});

/** Takes broken pictures of one kind for whole. */
const takesPicture = (wrong: (bytes: Buffer) => boolean): Mutant["overrides"] => ({
  pictureFault: (bytes) => (wrong(bytes) ? null : correct.pictureFault(bytes)),
});

const isPng = (bytes: Buffer) => bytes.toString("latin1", 1, 4) === "PNG";
const isJpeg = (bytes: Buffer) => bytes[0] === 0xff && bytes[1] === 0xd8;
const isWebp = (bytes: Buffer) => bytes.toString("latin1", 0, 4) === "RIFF";
const whole = (bytes: Buffer) => correct.pictureFault(bytes) === null;

/** The names of one model's meshes without what tells of their picture. */
const oneMeshFor = (wrong: (bytes: Buffer) => boolean): Mutant["overrides"] => ({
  outputPath: (run: StoredRun) =>
    wrong(run.image) && run.model.id === "ref/fingerprint"
      ? `${run.collection}/${sha256(Buffer.from("grey"))}-${run.id}.glb`
      : correct.outputPath(run),
  mesh: (run) =>
    wrong(run.image) && run.model.id === "ref/fingerprint"
      ? glb(triangle("grey"))
      : correct.mesh(run),
});

/** Forms, fields and pictures that are in order and go wrong, or the other way round. */
export const FORMS: readonly Mutant[] = [
  {
    name: "location-elsewhere",
    why: "The address of the new run is that of the collection of runs.",
    overrides: {
      created: async (lab, run, request) => {
        const answer = await correct.created(lab, run, request);
        return { ...answer, headers: { ...answer.headers, Location: `/runs/${run.id}` } };
      },
    },
    kills: ["CRE-41"],
  },
  {
    name: "model-of-the-last-create",
    why: "A refused create has switched the model, and the next run is made by it.",
    overrides: {
      create: async (lab, request) => {
        const body = await request.body();
        const answer = await correct.create(lab, { ...request, body: async () => body });
        const failing = Buffer.isBuffer(body) && body.includes("ref/fail");
        if (answer.status >= 400 && failing) lab.counters.set("failing model", 1);
        return answer;
      },
      accept: (lab, run) => {
        if (run.model.id === "ref/fast" && lab.counters.get("failing model"))
          run.model = { ...run.model, fails: true };
        lab.counters.delete("failing model");
        correct.accept(lab, run);
      },
    },
    kills: ["CRE-43", "LIF-17"],
  },
  {
    name: "models-mixed-at-once",
    why: "One loaded model serves all that are under way: the last one asked for.",
    overrides: {
      work: (lab, run) => {
        const failing = [...lab.runs.values()].some(
          (other) => other !== run && other.model.fails && other.status === "running",
        );
        if (failing && run.model.id === "ref/fast") run.model = { ...run.model, fails: true };
        return correct.work(lab, run);
      },
    },
    atOnce: 2,
    kills: ["CRE-43", "LIF-10"],
    mayAlsoFail: [
      "CRE-11",
      "CRE-51",
      "CRE-52",
      "CRE-53",
      "GET-30",
      "CRE-45",
      "LIF-11",
      "CAN-12",
      "LIF-17",
      "OUT-17",
    ].map((id) => ({ id, reason: "its run may be beside one of the failing model" })),
  },
  {
    name: "seed-refused",
    why: "What every client sends is unknown to this model.",
    overrides: {
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        return !isAnswer(params) && Object.hasOwn(params, "seed")
          ? refuse("invalid_params", "params.seed is not known.")
          : params;
      },
    },
    kills: ["CRE-44"],
  },
  {
    name: "collection-ignored",
    why: "Every mesh goes to the default folder.",
    overrides: {
      collection: (parts) => {
        const name = correct.collection(parts);
        return isAnswer(name) ? name : "Default";
      },
    },
    kills: ["CRE-45"],
  },
  {
    name: "collection-lower-case",
    why: "The name is tidied up on the way.",
    overrides: {
      collection: (parts) => {
        const name = correct.collection(parts);
        return typeof name === "string" && name !== "Default"
          ? name.toLowerCase().replaceAll(".", "-")
          : name;
      },
    },
    kills: ["CRE-45"],
  },
  {
    name: "collection-climbs",
    why: "The name is joined to the workspace as it is.",
    overrides: { collection: (parts) => textOf(parts, "collection") ?? "Default" },
    kills: ["CRE-46"],
  },
  {
    name: "unknown-part-refused",
    why: "A part that is not in the list is an error.",
    overrides: {
      fileFault: (parts) =>
        parts.some(
          ({ name, file }) => !file && !/^(?:image|model_id|params|collection)$/.test(name),
        )
          ? refuse("invalid_field", "There is an unknown part.")
          : correct.fileFault(parts),
    },
    kills: ["CRE-47"],
  },
  {
    name: "preamble-refused",
    why: "The body has to begin with its boundary.",
    overrides: {
      parts: (body, boundary) =>
        body.toString("latin1", 0, 2) === "--"
          ? correct.parts(body, boundary)
          : refuse("malformed_request", "The body does not begin with its boundary."),
    },
    kills: ["CRE-49"],
  },
  {
    name: "quoted-boundary-refused",
    why: "The boundary is looked for with its quotes.",
    overrides: {
      boundary: (request) =>
        request.headers["content-type"]?.includes('"')
          ? refuse("malformed_request", "The boundary is not found.")
          : correct.boundary(request),
    },
    kills: ["CRE-49"],
  },
  {
    name: "palette-refused",
    why: "Only true colour was ever tried.",
    overrides: refusesPicture((bytes) => isPng(bytes) && bytes[25] === 3),
    // OUT-18 leaves out what is not taken.
    kills: ["CRE-51"],
  },
  {
    name: "deep-png-refused",
    why: "16 bits a channel are one byte too many.",
    overrides: refusesPicture((bytes) => isPng(bytes) && bytes[24] === 16),
    kills: ["CRE-51"],
  },
  {
    name: "one-megapixel-refused",
    why: "A limit that nobody meets with pictures made for tests.",
    overrides: refusesPicture((bytes) => isPng(bytes) && bytes.readUInt32BE(16) > 1_000),
    kills: ["CRE-51"],
  },
  {
    name: "body-over-1-mib-refused",
    why: "The parser's own limit was never raised.",
    overrides: refusesPicture((bytes) => bytes.length > 1_048_576),
    kills: ["CRE-51"],
  },
  {
    name: "progressive-jpeg-fails",
    why: "The decoder reads baseline only.",
    overrides: refusesPicture(
      (bytes) => isJpeg(bytes) && bytes.includes(Buffer.from([0xff, 0xc2, 0x00])),
    ),
    kills: ["CRE-52"],
  },
  {
    name: "exif-jpeg-fails",
    why: "What comes first in the file is not what was expected.",
    overrides: refusesPicture((bytes) => isJpeg(bytes) && bytes.includes(Buffer.from("Exif"))),
    kills: ["CRE-52"],
  },
  {
    name: "label-chooses-decoder",
    why: "The type of the part says which decoder is asked.",
    overrides: {
      image: (parts) => {
        const image = correct.image(parts);
        if (isAnswer(image)) return image;
        return image.type === "image/jpeg" && isPng(image.bytes)
          ? refuse("unreadable_image", "This is no JPEG.")
          : image;
      },
    },
    kills: ["CRE-53"],
  },
  {
    name: "half-jpeg-done",
    why: "A decoder that forgives fills the rest with grey.",
    overrides: takesPicture((bytes) => isJpeg(bytes) && !whole(bytes)),
    kills: ["CRE-54"],
  },
  {
    name: "half-webp-done",
    why: "Only the head of the file is looked at.",
    overrides: takesPicture((bytes) => isWebp(bytes) && !whole(bytes)),
    kills: ["CRE-54"],
  },
  {
    name: "svg-drawn",
    why: "The picture library draws documents too.",
    overrides: takesPicture((bytes) => bytes.includes(Buffer.from("<svg"))),
    kills: ["CRE-55"],
  },
  {
    name: "jpeg-all-alike",
    why: "Where JPEG can't be decoded, a grey square stands for it.",
    overrides: oneMeshFor(isJpeg),
    kills: ["OUT-18"],
  },
  {
    name: "grey-all-alike",
    why: "One channel is not read, and every grey picture is the same.",
    overrides: oneMeshFor((bytes) => isPng(bytes) && bytes[25] === 0),
    kills: ["OUT-18"],
  },
  {
    name: "cancelled-false-of-cancelled",
    why: "`cancelled` tells whether there was anything left to cancel.",
    overrides: {
      cancelled: (run) => json(200, { run_id: run.id, status: run.status, cancelled: false }),
    },
    kills: ["CAN-26"],
  },
  {
    name: "traceback-in-error",
    why: "The exception is told as it was caught.",
    overrides: {
      view: (run, lab) => ({
        ...correct.view(run, lab),
        ...(run.status === "error"
          ? {
              error:
                'Traceback (most recent call last):\n  File "generator.py", line 7, in generate\nValueError',
            }
          : {}),
      }),
    },
    kills: ["WIRE-03"],
  },
  {
    name: "java-exception-in-error",
    why: "An exception of another language, with the line where it was thrown.",
    overrides: shownWhen("error", () => ({
      error: "java.lang.IllegalStateException: no outline at app.Model.run(Model.java:12)",
    })),
    kills: ["WIRE-03"],
  },
  {
    name: "path-in-detail",
    why: "A refusal tells where the server looked.",
    overrides: {
      find: (lab, id) => {
        const run = correct.find(lab, id);
        return isAnswer(run) && run.status === 404
          ? refuse("run_not_found", `No such file: /home/modly/runs/${id}.json`)
          : run;
      },
    },
    kills: ["WIRE-03"],
  },
  {
    name: "stale-by-connection",
    why: "Each connection has a cache of its own, which a refused upload confuses.",
    overrides: {
      handle: async (lab, request) => {
        const socket = `socket ${request.connection}`;
        const answer = await correct.handle(lab, request);
        if (request.method === "POST" && answer.status >= 400) lab.counters.set(socket, 1);
        const shifted = request.method === "GET" && answer.status === 200;
        if (!shifted || !lab.counters.has(socket)) return answer;
        const [first] = lab.runs.values();
        return first && request.path.startsWith("/workflow-runs/")
          ? correct.read(lab, first, request)
          : answer;
      },
    },
    kills: ["GET-30"],
    mayAlsoFail: [
      { id: "GET-02", reason: "the run that is told is another one" },
      { id: "LIF-03", reason: "the run that is told is another one" },
      { id: "LIF-04", reason: "the run that is told is another one" },
      { id: "LIF-15", reason: "the run that is told is another one" },
      { id: "LIF-01", reason: "the run that is told is another one" },
      { id: "LIF-02", reason: "the run that is told is another one" },
      { id: "LIF-14", reason: "the run that is told is another one" },
    ],
  },
  {
    name: "cache-of-each-connection",
    why: "Each connection keeps the first answer that it gave of a run, for two seconds.",
    overrides: {
      read: async (lab, run, request) => {
        const known = `${request.connection} ${run.id}`;
        const { view } = correct;
        const kept = lab.views.get(known);
        if (kept && performance.now() - kept.at < 2_000 && run.model.id === "ref/long")
          return correct.read(
            { ...lab, behaviour: { ...lab.behaviour, view: () => kept.body } },
            run,
            request,
          );
        lab.views.set(known, { at: performance.now(), body: view(run, lab) });
        return correct.read(lab, run, request);
      },
    },
    kills: ["GET-30", "LIF-03", "LIF-15"],
    mayAlsoFail: [{ id: "LIF-02", reason: "what it kept may show less progress" }],
  },
  {
    name: "field-twice-500",
    why: "Where one text was due, there is a list.",
    overrides: {
      params: (parts, lab) =>
        parts.filter(({ name }) => name === "params").length > 1
          ? crash()
          : correct.params(parts, lab),
    },
    kills: ["CRE-56", "WIRE-01"],
  },
  {
    name: "bodiless-create-500",
    why: "The length is read from a header that need not be there.",
    overrides: {
      boundary: (request) =>
        request.headers["content-length"] === undefined &&
        request.headers["transfer-encoding"] === undefined
          ? crash()
          : correct.boundary(request),
    },
    kills: ["CRE-28"],
  },
  {
    name: "cancel-needs-a-length",
    why: "A POST without Content-Length is refused with 411, also where it has no body.",
    overrides: instead(({ method, path, headers }) =>
      method === "POST" && path.endsWith("/cancel") && headers["content-length"] === undefined
        ? refuse("malformed_request", "The length is missing.")
        : null,
    ),
    kills: ["CAN-18"],
  },
  {
    name: "traversal-dotdot",
    why: "The path is joined to the folder as it comes.",
    overrides: leaks(/^(?:\.\.\/)+/),
    kills: ["OUT-19"],
  },
  {
    name: "traversal-absolute",
    why: "An absolute path replaces the folder, as in the existing backend.",
    overrides: leaks(/^\/etc/),
    kills: ["OUT-19"],
  },
  {
    name: "traversal-encoded",
    why: "The check for `..` comes before the decoding.",
    overrides: leaks(/^\.\.%2f/i),
    kills: ["OUT-19"],
  },
  {
    name: "traversal-encoded-twice",
    why: "The path is decoded once more behind the check.",
    overrides: leaks(/^%252e/i),
    kills: ["OUT-19"],
  },
  {
    name: "traversal-backslash",
    why: "A backslash is a slash on some systems.",
    overrides: leaks(/^\.\.\\/),
    kills: ["OUT-19"],
  },
];
