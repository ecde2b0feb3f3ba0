import { correct, sha256 } from "../behaviour.ts";
import { type Answer, refuse, type Request } from "../http.ts";
import { count, type Lab, type StoredRun } from "../lab.ts";
import { glb, type MeshParts, triangle } from "../mesh.ts";
import { type Mutant, shownWhen } from "./mutant.ts";

/** Makes meshes from a spoiled document or buffer. */
function spoiled(spoil: (parts: MeshParts) => void) {
  return {
    mesh: (run: StoredRun) => {
      const parts = triangle(`${sha256(run.image)} ${run.id}`);
      spoil(parts);
      return glb(parts);
    },
  };
}

/** Makes meshes whose bytes are changed after they were packed. */
function patched(patch: (bytes: Buffer) => void) {
  return {
    mesh: (run: StoredRun) => {
      const bytes = correct.mesh(run);
      patch(bytes);
      return bytes;
    },
  };
}

/** Serves files in another way. */
function served(change: (answer: Answer, request: Request, lab: Lab) => Answer) {
  return {
    file: async (lab: Lab, path: string, request: Request) =>
      change(await correct.file(lab, path, request), request, lab),
  };
}

/** The mesh, and how it is served. */
export const OUTPUTS: readonly Mutant[] = [
  {
    name: "output-missing",
    why: "Done, and the address leads nowhere, as in the existing backend.",
    overrides: shownWhen("done", (run) => ({
      output_url: `/workspace/elsewhere/${run.file}`,
      scene_candidate: { workspace_path: `elsewhere/${run.file}` },
    })),
    // Whoever downloads notices.
    kills: ["LIF-07", "OUT-01", "CAN-06", "CAN-12", "CRE-45"],
  },
  {
    name: "glb-octet-stream",
    why: "The type is not known to the file server.",
    overrides: served((answer) =>
      answer.status < 300
        ? { ...answer, headers: { ...answer.headers, "Content-Type": "application/octet-stream" } }
        : answer,
    ),
    kills: ["OUT-02"],
  },
  {
    name: "glb-bad-magic",
    why: "The bytes are no GLB.",
    overrides: patched((bytes) => bytes.write("glTX", "latin1")),
    // The validator (OUT-06) reads the same bytes.
    kills: ["OUT-03", "OUT-06"],
  },
  {
    name: "glb-short-length",
    why: "The header tells fewer bytes than there are.",
    overrides: patched((bytes) => bytes.writeUInt32LE(bytes.length - 4, 8)),
    kills: ["OUT-03", "OUT-06"],
  },
  {
    name: "glb-cut-chunk",
    why: "The last chunk promises more bytes than were written.",
    overrides: patched((bytes) => {
      const binary = 20 + bytes.readUInt32LE(12);
      bytes.writeUInt32LE(bytes.readUInt32LE(binary) + 64, binary);
    }),
    kills: ["OUT-04", "OUT-06"],
  },
  {
    name: "glb-old-asset",
    why: "The document is of glTF 1.0.",
    overrides: spoiled(({ document }) => {
      document["asset"] = { version: "1.0" };
    }),
    kills: ["OUT-05", "OUT-06"],
  },
  {
    name: "glb-invalid-bounds",
    why: "The bounds don't fit the vertices: only a validator sees it.",
    overrides: spoiled(({ document }) => {
      const [positions] = document["accessors"] as { max: number[] }[];
      if (positions) positions.max = [2, 2, 2];
    }),
    kills: ["OUT-06"],
  },
  {
    name: "glb-empty-mesh",
    why: "A document that is valid and shows nothing.",
    overrides: spoiled(({ document }) => {
      delete document["meshes"];
      document["nodes"] = [{}];
    }),
    kills: ["OUT-07"],
  },
  {
    name: "output-changes",
    why: "The file is made anew for each download.",
    overrides: served((answer, _request, lab) => {
      if (answer.status !== 200 || !Buffer.isBuffer(answer.body)) return answer;
      const bytes = Buffer.from(answer.body);
      // Overwrites one digit of the mark, so that it stays a valid mesh.
      const at = bytes.indexOf('"mark":"') + 8;
      bytes.write(String(count(lab, "downloads") % 10), at, "latin1");
      return { ...answer, body: bytes };
    }),
    // OUT-15 wants the same mesh later, not just any.
    kills: ["OUT-08", "OUT-15"],
  },
  {
    name: "same-output-name",
    why: "All meshes have one name, and one content, or OUT-08 would notice by chance.",
    overrides: {
      outputPath: (run) =>
        run.model.id === "ref/fingerprint" ? correct.outputPath(run) : "Default/mesh.glb",
      mesh: () => glb(triangle("the same")),
    },
    kills: ["OUT-09", "CRE-45"],
  },
  {
    name: "outputs-swapped",
    why: "Runs at the same time get each other's result, as in the existing backend.",
    overrides: {
      publish: (lab, run) => {
        const other = [...lab.runs.values()].find(
          (one) => one !== run && one.model === run.model && one.status === "running",
        );
        if (other) [run.image, other.image] = [other.image, run.image];
        correct.publish(lab, run);
      },
    },
    atOnce: 2,
    kills: ["OUT-10"],
    mayAlsoFail: [
      {
        id: "OUT-18",
        reason: "its runs are swapped where others of their model go on beside them",
      },
    ],
  },
  {
    name: "output-url-climbs",
    why: "The address goes up and down again before it gets there.",
    overrides: {
      outputPath: (run) => `${run.collection}/../${correct.outputPath(run)}`,
    },
    kills: ["OUT-11"],
  },
  {
    name: "dir-listing",
    why: "A folder shows what is in it.",
    overrides: {
      file: (lab, path, request) =>
        path.endsWith("/") || path === ""
          ? {
              status: 200,
              headers: { "Content-Type": "text/html" },
              body: [...lab.files.keys()].map((file) => `<a href="${file}">${file}</a>`).join("\n"),
            }
          : correct.file(lab, path, request),
    },
    kills: ["OUT-12"],
  },
  {
    name: "missing-file-200",
    why: "What is not there is an empty file.",
    overrides: served((answer) =>
      answer.status === 404 ? { status: 200, headers: {}, body: "" } : answer,
    ),
    // The file that a cancelled run would have is missing too.
    kills: ["OUT-12", "CAN-22"],
  },
  {
    name: "range-off-by-one",
    why: "The end of a range is taken as exclusive.",
    overrides: served((answer) =>
      answer.status === 206 && answer.body !== null
        ? { ...answer, body: Buffer.from(answer.body).subarray(0, -1) }
        : answer,
    ),
    kills: ["OUT-13"],
  },
  {
    name: "file-head-405",
    why: "HEAD was forgotten for files.",
    overrides: {
      file: (lab, path, request) =>
        request.method === "HEAD"
          ? refuse("method_not_allowed", "Only GET.", { Allow: "GET" })
          : correct.file(lab, path, request),
    },
    kills: ["OUT-14"],
  },
  {
    name: "output-vanishes",
    why: "A mesh is tidied away once it was fetched and its run is read again, though the run names it.",
    overrides: {
      file: (lab, path, request) => {
        const run = [...lab.runs.values()].find((one) => one.file === path);
        const reads = run?.endReads ?? 0;
        if (reads > (lab.counters.get(path) ?? reads)) lab.files.delete(path);
        lab.counters.set(path, reads);
        return correct.file(lab, path, request);
      },
    },
    // The last look reads every run and fetches its mesh once more.
    kills: ["OUT-15", "OUT-17", "CAN-06"],
    mayAlsoFail: [{ id: "CAN-12", reason: "its run may be done, and is read again" }],
  },
];
