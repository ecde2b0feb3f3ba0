import { isRefusal, told } from "../answers.ts";
import type { Scenario } from "../scenario.ts";
import { misplaced, usual } from "./asking.ts";

const UP = 8;

/** Ways out of a folder, as they go over the wire; each is tried with files that most machines have. */
const SPELLINGS: readonly { readonly name: string; readonly to: (file: string) => string }[] = [
  { name: "dot-dot", to: (file) => `${"../".repeat(UP)}${file}` },
  { name: "encoded dots", to: (file) => `${"%2e%2e/".repeat(UP)}${file}` },
  { name: "encoded slashes", to: (file) => `${"..%2f".repeat(UP)}${file.replaceAll("/", "%2f")}` },
  { name: "all encoded", to: (file) => `${"%2e%2e%2f".repeat(UP)}${file}` },
  { name: "absolute", to: (file) => `/${file}` },
  { name: "encoded absolute", to: (file) => `%2f${file}` },
  { name: "backslashes", to: (file) => `${"..\\".repeat(UP)}${file.replaceAll("/", "\\")}` },
  { name: "encoded backslashes", to: (file) => `${"..%5c".repeat(UP)}${file}` },
  { name: "encoded twice", to: (file) => `${"%252e%252e%252f".repeat(UP)}${file}` },
  { name: "overlong UTF-8", to: (file) => `${"%c0%ae%c0%ae%c0%af".repeat(UP)}${file}` },
  { name: "NUL at the end", to: (file) => `${"../".repeat(UP)}${file}%00.glb` },
  { name: "path parameters", to: (file) => `${"..;/".repeat(UP)}${file}` },
  { name: "below a folder that exists", to: (file) => `Default/${"../".repeat(UP + 1)}${file}` },
  { name: "four dots", to: (file) => `${"....//".repeat(UP)}${file}` },
  { name: "dots at the end", to: (file) => `${".../".repeat(UP)}${file}` },
  { name: "UNC", to: (file) => `%5c%5clocalhost%5c${file}` },
  { name: "drive letter", to: (file) => `C:/${file}` },
];

/** Files that are on most machines, and what shows that one was read. */
const FILES = [
  { file: "etc/passwd", shows: /^root:[^:]*:0:0:/m },
  { file: "windows/win.ini", shows: /^\[(?:fonts|extensions|mci extensions)\]/im },
] as const;

const IDS = [
  "..%2f..%2fetc%2fpasswd",
  "%2e%2e%2f%2e%2e%2fetc",
  "..%5c..%5cwindows",
  "%2fetc%2fpasswd",
];

const NAMES = [
  "../../../../canary.png",
  "..\\..\\..\\canary.png",
  "/etc/canary.png",
  "C:\\windows\\canary.png",
  "....//....//canary.png",
  "%2e%2e%2f%2e%2e%2fcanary.png",
];

const ELSEWHERE = {
  output_dir: "/var/tmp/elsewhere",
  outputs_dir: "../../elsewhere",
  output_path: "../../elsewhere/mesh.glb",
  workspace_dir: "/var/tmp/elsewhere",
  filename: "../../../elsewhere.glb",
  collection: "../../elsewhere",
};

export const TRAVERSAL: readonly Scenario[] = [
  {
    name: "the files of the machine",
    feeds: ["SEC-01"],
    alone: true,
    async run(t) {
      for (const { file, shows } of FILES) {
        for (const { name, to } of SPELLINGS) {
          const exchange = await t.send({ method: "GET", path: `/workspace/${to(file)}` });
          const read = shows.test(exchange.response?.body.toString("latin1") ?? "");
          t.expect("SEC-01", !read, `${name}: no file`, `${file} was read`, exchange);
        }
      }
    },
  },
  {
    name: "ways out in a run id",
    feeds: ["SEC-02"],
    alone: true,
    async run(t) {
      for (const id of IDS) {
        for (const [method, path] of [
          ["GET", `/workflow-runs/${id}`],
          ["POST", `/workflow-runs/${id}/cancel`],
        ] as const) {
          const exchange = await t.send({ method, path });
          t.judge("SEC-02", exchange, "4xx", isRefusal(exchange));
        }
      }
    },
  },
  {
    name: "ways out in a file name",
    feeds: ["SEC-03"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      for (const filename of NAMES) {
        const { image, fields } = await t.parts();
        const exchange = await t.create([...fields, { ...image, filename }]);
        const fault = await misplaced(t, exchange);
        t.expect(
          "SEC-03",
          fault === undefined,
          `${filename}: 4xx, or a mesh below /workspace`,
          fault ?? "",
          exchange,
        );
      }
    },
  },
  {
    name: "ways out in params",
    feeds: ["SEC-04"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const { recipe } = await t.situation("succeeds");
      for (const [key, value] of Object.entries(ELSEWHERE)) {
        const params = JSON.stringify({ ...recipe.params, [key]: value });
        const exchange = await t.create(await t.partsWith("params", params));
        const fault = await misplaced(t, exchange);
        t.expect(
          "SEC-04",
          fault === undefined,
          `${key}: 4xx, or a mesh below /workspace`,
          fault ?? "",
          exchange,
        );
      }
    },
  },
  {
    name: "line breaks where headers come from",
    feeds: ["SEC-05"],
    needs: ["succeeds"],
    alone: true,
    async run(t) {
      const evil = "a\r\nX-Injected: yes";
      const { image, fields } = await t.parts();
      const exchanges = [
        await t.send({ method: "GET", path: `/workflow-runs/${encodeURIComponent(evil)}` }),
        await t.send({ method: "POST", path: `/workflow-runs/${encodeURIComponent(evil)}/cancel` }),
        await t.send({ method: "GET", path: `/workspace/${encodeURIComponent(evil)}` }),
        await t.create(await t.partsWith("model_id", evil)),
        await t.create(await t.partsWith("collection", evil)),
        await t.create([...fields, { ...image, filename: "a%0d%0aX-Injected: yes.png" }]),
        await t.create([...(await usual(t))], {
          headers: { "Idempotency-Key": "a%0d%0aX-Injected: yes" },
        }),
      ];
      for (const exchange of exchanges) {
        const injected = exchange.response?.headers["x-injected"];
        t.expect(
          "SEC-05",
          injected === undefined,
          "no header X-Injected",
          `X-Injected: ${injected}; ${told(exchange)}`,
          exchange,
        );
        const id = t.acceptedId(exchange);
        if (id !== undefined) await t.release(id);
      }
    },
  },
];
