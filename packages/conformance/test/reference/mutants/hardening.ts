import type { TargetConfig } from "../../../src/target/config.ts";
import { correct } from "../behaviour.ts";
import { type Answer, bodyOf, isAnswer, json, refuse, type Request } from "../http.ts";
import { active, count, enqueue, type Lab, pause } from "../lab.ts";
import { crash, instead, type Mutant, shownWhen } from "./mutant.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/bash\n";

/** A file of the machine, as it would be read from the disk. */
const disk = () => ({ status: 200, headers: { "Content-Type": "text/plain" }, body: PASSWD });

/** Serves the disk where the path below /workspace/ leads out in a certain way. */
const leaks = (leadsOut: (path: string) => boolean) =>
  instead(({ path }) =>
    path.startsWith("/workspace/") && path.includes("passwd") && leadsOut(path.slice(11))
      ? disk()
      : null,
  );

/** Pictures whose part had a certain text in its disposition. */
const marked = new WeakSet<Buffer>();

/** Runs at work from which on this machine is overloaded. */
const MANY = 20;

/** A create that knows how many uploads were under way when it came. */
function atOnce(
  create: (lab: Lab, request: Request, uploads: number) => Answer | Promise<Answer>,
): typeof correct.create {
  return async (lab, request) => {
    const uploads = count(lab, "uploads");
    const body = await request.body();
    // So short a body is there at once; a parser takes a moment.
    await pause(lab, 150);
    lab.counters.set("uploads", (lab.counters.get("uploads") ?? 1) - 1);
    return create(lab, { ...request, body: async () => body }, uploads);
  };
}

/** Memory as a command prints it: what the runs have left behind, at a MiB each. */
const memoryHook = (url: string): Partial<TargetConfig> => ({
  hooks: {
    memory: {
      command: `'${process.execPath}' -e 'fetch("${url}/memory").then((r) => r.text()).then(console.log)'`,
    },
  },
});

const SECURITY: readonly Mutant[] = [
  {
    name: "disk-by-dotdot",
    why: "The path is joined to the folder and opened.",
    overrides: leaks((path) => path.includes("../")),
    kills: ["SEC-01"],
  },
  {
    name: "disk-by-encoded-slash",
    why: "The path is checked first and decoded afterwards.",
    overrides: leaks((path) => /^(?:\.\.|%2e%2e)%2f/.test(path)),
    kills: ["SEC-01"],
  },
  {
    name: "disk-by-absolute-path",
    why: "A join with an absolute path forgets the folder.",
    overrides: leaks((path) => path.startsWith("/")),
    kills: ["SEC-01"],
  },
  {
    name: "traversal-in-id",
    why: "The id is decoded and taken for the name of a file.",
    overrides: {
      find: (lab, id) => (/%(?:2f|5c)/i.test(id) ? disk() : correct.find(lab, id)),
    },
    kills: ["SEC-02"],
  },
  {
    name: "filename-names-mesh",
    why: "The mesh is called after the picture, with the folders of its name.",
    overrides: {
      image: (parts) => {
        const image = correct.image(parts);
        if (!isAnswer(image) && image.disposition.includes("../")) marked.add(image.bytes);
        return image;
      },
      outputPath: (run) => (marked.has(run.image) ? `../${run.id}.glb` : correct.outputPath(run)),
    },
    kills: ["SEC-03"],
  },
  {
    name: "params-name-folder",
    why: "`output_dir` is handed on to the generator.",
    overrides: {
      outputPath: (run) =>
        Object.hasOwn(run.params, "output_dir") ? `../${run.id}.glb` : correct.outputPath(run),
    },
    kills: ["SEC-04"],
  },
  {
    name: "id-into-header",
    why: "The id is decoded and written into a header as it is.",
    overrides: {
      find: (lab, id) => {
        const found = correct.find(lab, id);
        return isAnswer(found) && /%0d%0a/i.test(id)
          ? { ...found, headers: { ...found.headers, "X-Injected": "yes" } }
          : found;
      },
    },
    kills: ["SEC-05"],
  },
  {
    name: "no-size-limit",
    why: "Nobody counts what comes in.",
    overrides: {
      create: async (lab, request) => {
        const chunked = request.headers["transfer-encoding"] !== undefined;
        const body = await request.body();
        if (chunked && isAnswer(body)) return new Promise(() => {});
        return correct.create(lab, { ...request, body: async () => body });
      },
    },
    kills: ["SEC-06"],
  },
  {
    name: "bomb-500",
    why: "The decoder runs out of memory and nobody catches it.",
    overrides: {
      pictureFault: (bytes) =>
        bytes.length > 24 && bytes.readUInt32BE(16) === 40_000
          ? crash()
          : correct.pictureFault(bytes),
    },
    kills: ["SEC-07"],
  },
  {
    name: "forty-connections",
    why: "A worker for each upload, and forty workers.",
    overrides: {
      create: atOnce((lab, request, uploads) =>
        uploads > 40 ? crash() : correct.create(lab, request),
      ),
    },
    kills: ["SEC-08"],
    mayAlsoFail: [
      { id: "SEC-10", reason: "of a hundred uploads at once more than forty may meet" },
    ],
  },
  {
    name: "silence-forever",
    why: "No time limit for headers.",
    overrides: { server: { ...correct.server, headersTimeout: 0 } },
    kills: ["SEC-09"],
    slow: "the check waits for two minutes before it calls a connection open for ever",
  },
  {
    name: "aborted-upload-leak",
    why: "Each upload that breaks off keeps its place.",
    overrides: {
      create: async (lab, request) => {
        const body = await request.body();
        if (isAnswer(body)) count(lab, "leaked");
        return correct.create(lab, { ...request, body: async () => body });
      },
      accept: (lab, run) => {
        const leaked = lab.counters.get("leaked") ?? 0;
        if (leaked < 80) return correct.accept(lab, run);
        lab.counters.set("leaked", 0);
        lab.runs.set(run.id, run);
      },
    },
    kills: ["SEC-10"],
  },
  {
    name: "error-tells-paths",
    why: "What the generator threw is told as it is.",
    overrides: shownWhen("error", () => ({
      error: 'Traceback (most recent call last):\n  File "/home/ann/generator.py", line 3, in go',
    })),
    kills: ["SEC-11"],
  },
  {
    name: "dev-error-page",
    why: "The framework runs in its development mode.",
    overrides: {
      decorate: (answer) =>
        answer.status === 404
          ? {
              ...answer,
              body: JSON.stringify({
                ...bodyOf(answer),
                detail: "NotFoundError: no route\n    at next (/srv/app/router.js:41:9)",
              }),
            }
          : answer,
    },
    kills: ["SEC-12"],
  },
  {
    name: "outputs-sniffed",
    why: "Nobody told the browser to believe the type.",
    overrides: {
      file: async (lab, path, request) => {
        const answer = await correct.file(lab, path, request);
        const { "X-Content-Type-Options": _, ...headers } = answer.headers;
        return { ...answer, headers };
      },
    },
    kills: ["SEC-13"],
  },
  {
    name: "two-requests-in-one",
    why: "The parser takes what an old client might send.",
    overrides: { server: { ...correct.server, insecureHTTPParser: true } },
    kills: ["SEC-14"],
  },
  {
    name: "any-host",
    why: "Whoever reaches the port is served.",
    overrides: { stranger: () => null },
    kills: ["SEC-15"],
  },
  {
    name: "gate-left-on",
    why: "The hooks of the tests are still there.",
    overrides: {
      otherRoute: (request) =>
        request.path.startsWith("/__conformance") ? json(200, {}) : correct.otherRoute(request),
    },
    kills: ["SEC-16"],
  },
  {
    name: "method-override",
    why: "A framework's helper takes the method out of a header.",
    overrides: {
      handle: (lab, request) =>
        correct.handle(lab, {
          ...request,
          method: String(request.headers["x-http-method-override"] ?? request.method),
        }),
    },
    kills: ["SEC-17"],
  },
  {
    name: "svg-served",
    why: "An SVG is a picture, and its preview is the file itself.",
    overrides: {
      pictureFault: (bytes) =>
        bytes.toString("latin1", 0, 4) === "<svg" ? null : correct.pictureFault(bytes),
      mesh: (run) => (run.image[0] === 0x3c ? run.image : correct.mesh(run)),
      file: async (lab, path, request) => {
        const answer = await correct.file(lab, path, request);
        return Buffer.isBuffer(answer.body) && answer.body[0] === 0x3c
          ? { ...answer, headers: { ...answer.headers, "Content-Type": "image/svg+xml" } }
          : answer;
      },
    },
    kills: ["SEC-18"],
  },
];

const LOAD: readonly Mutant[] = [
  {
    name: "overload-500",
    why: "A pool of twenty is empty, and nobody catches that.",
    overrides: {
      create: atOnce((lab, request, uploads) =>
        uploads > MANY ? crash() : correct.create(lab, request),
      ),
    },
    kills: ["LOD-01"],
    mayAlsoFail: ["SEC-08", "SEC-10"].map((id) => ({
      id,
      reason: "its uploads that last or break off may be more than twenty at once",
    })),
  },
  {
    name: "lost-under-load",
    why: "A queue of twenty drops the one that does not fit.",
    overrides: {
      accept: (lab, run) => {
        if (active(lab).length < MANY || count(lab, "lost") > 1) return correct.accept(lab, run);
        lab.runs.set(run.id, run);
      },
    },
    kills: ["LOD-02"],
  },
  {
    name: "same-id-under-load",
    why: "The id is made from a clock that is too coarse.",
    overrides: {
      newId: (lab) =>
        active(lab).length < MANY ? correct.newId(lab) : (active(lab).at(-1)?.id ?? ""),
    },
    kills: ["LOD-03"],
  },
  {
    name: "busy-for-how-long",
    why: "The refusal does not say when to come back.",
    overrides: {
      create: atOnce((lab, request, uploads) =>
        uploads > MANY
          ? refuse("too_many_requests", "Too many uploads.")
          : correct.create(lab, request),
      ),
    },
    kills: ["LOD-04"],
  },
  {
    name: "busy-loop",
    why: "The work is done in the loop that answers.",
    overrides: {
      read: async (lab, run, request) => {
        if (active(lab).length >= 10) await pause(lab, 1_500);
        return correct.read(lab, run, request);
      },
    },
    kills: ["LOD-05"],
  },
  {
    name: "cancels-meet",
    why: "Many cancels at once wait for one lock, and some give up.",
    overrides: {
      cancel: async (lab, run, request) => {
        const meeting = count(lab, "cancels");
        await pause(lab, 80);
        lab.counters.set("cancels", (lab.counters.get("cancels") ?? 1) - 1);
        return meeting >= 8 ? crash() : correct.cancel(lab, run, request);
      },
    },
    kills: ["LOD-06"],
  },
  {
    name: "last-come-first-served",
    why: "The queue is a stack.",
    overrides: {
      accept: (lab, run) => {
        lab.runs.set(run.id, run);
        enqueue(lab, run, "front");
      },
    },
    kills: ["LOD-07"],
  },
  {
    name: "keeps-every-picture",
    why: "Pictures of ended runs stay in memory.",
    overrides: {
      handle: async (lab, request) =>
        request.path === "/memory"
          ? {
              status: 200,
              headers: { "Content-Type": "text/plain" },
              body: String(40_000 + lab.runs.size * 1_024),
            }
          : correct.handle(lab, request),
    },
    config: memoryHook,
    kills: ["LOD-08"],
  },
];

const GENERATED: readonly Mutant[] = [
  {
    name: "cancelled-still-moves",
    why: "The generator's thread goes on telling its steps after a cancel.",
    overrides: shownWhen("cancelled", (run) => ({ step: `Step ${run.endReads}` })),
    // Both kinds of programs cancel and then read twice.
    kills: ["MOD-01", "MOD-02"],
  },
  {
    name: "read-during-cancel",
    why: "A read that meets a cancel of the same run finds it half rewritten.",
    overrides: {
      cancel: async (lab, run, request) => {
        lab.counters.set(run.id, (lab.counters.get(run.id) ?? 0) + 1);
        await pause(lab, 25);
        lab.counters.set(run.id, (lab.counters.get(run.id) ?? 1) - 1);
        return correct.cancel(lab, run, request);
      },
      view: (run, lab) => ({
        ...correct.view(run, lab),
        ...((lab.counters.get(run.id) ?? 0) > 0 ? { progress: -1 } : {}),
      }),
    },
    // It takes two clients.
    kills: ["MOD-02"],
  },
  {
    name: "nameless-part-500",
    why: "A part without a name is looked up by its name.",
    overrides: {
      parts: async (body, boundary) => {
        const parts = await correct.parts(body, boundary);
        return isAnswer(parts) && /no name|no end of/.test(String(bodyOf(parts)["detail"]))
          ? crash()
          : parts;
      },
    },
    kills: ["MOD-03"],
  },
  {
    name: "number-params-500",
    why: "Params that are a number have no keys to look at.",
    overrides: {
      params: (parts, lab) => {
        const params = correct.params(parts, lab);
        return isAnswer(params) && /object/.test(String(bodyOf(params)["detail"]))
          ? crash()
          : params;
      },
    },
    kills: ["MOD-04"],
  },
];

/** Wrong servers for the set `hardening`. */
export const HARDENING_MUTANTS: readonly Mutant[] = [...SECURITY, ...LOAD, ...GENERATED].map(
  (mutant) => ({ ...mutant, set: "hardening" }),
);
