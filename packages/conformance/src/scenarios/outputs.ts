import { CannotGoOn } from "../session/session.ts";
import { fingerprintOf, sha256 } from "../target/situations.ts";
import { png } from "../wire/pictures.ts";
import { isRefusal, statusOf } from "./answers.ts";
import type { Bench } from "./bench.ts";
import { glbFaults, validatorFaults } from "./glb.ts";
import { strayPath } from "./paths.ts";
import type { Scenario } from "./scenario.ts";

const download = (t: Bench, path: string, headers: Record<string, string> = {}, method = "GET") =>
  t.send({ method, path, headers }, { meaning: { act: "output" } });

/** Files that most systems have, what they hold, and how a way to them can be spelled. */
const SYSTEM_FILES = [
  { path: "etc/passwd", holds: /^root:.*:0:0:/m },
  { path: "proc/self/status", holds: /^Name:\s/m },
  { path: "windows/win.ini", holds: /^\[(?:fonts|extensions|mci extensions)\]/im },
] as const;
const UP = 8;
const ways = (path: string): readonly string[] => [
  `${"../".repeat(UP)}${path}`,
  `${"%2e%2e/".repeat(UP)}${path}`,
  `${"..%2f".repeat(UP)}${path.replaceAll("/", "%2f")}`,
  `${"%2e%2e%2f".repeat(UP)}${path.replaceAll("/", "%2f")}`,
  `${"%252e%252e%252f".repeat(UP)}${path.replaceAll("/", "%252f")}`,
  `${"..%5c".repeat(UP)}${path.replaceAll("/", "%5c")}`,
  `${"..\\".repeat(UP)}${path.replaceAll("/", "\\")}`,
  `Default/${"../".repeat(UP)}${path}`,
  `....//${"....//".repeat(UP)}${path}`,
  `/${path}`,
  `%2f${path.replaceAll("/", "%2f")}`,
  `//${path}`,
  `file:///${path}`,
];

export const OUTPUTS: readonly Scenario[] = [
  {
    name: "ways out of the workspace",
    feeds: ["OUT-19"],
    async run(t) {
      for (const { path, holds } of SYSTEM_FILES) {
        for (const way of ways(path)) {
          const output = await download(t, `/workspace/${way}`);
          const leaked = holds.test(output.response?.body.toString("latin1") ?? "");
          // What is told is the way, not the content.
          t.expect(
            "OUT-19",
            !leaked,
            `no file at /workspace/${way}`,
            `${statusOf(output)}, with what the server's /${path} holds`,
            output,
          );
        }
      }
    },
  },
  {
    name: "downloading an output",
    feeds: [
      "OUT-01",
      "OUT-02",
      "OUT-03",
      "OUT-04",
      "OUT-05",
      "OUT-06",
      "OUT-07",
      "OUT-08",
      "OUT-11",
      "OUT-12",
      "OUT-13",
      "OUT-14",
      "OUT-15",
      "OUT-16",
    ],
    needs: ["succeeds"],
    async run(t) {
      const { body, exchange } = await t.finished();
      const url = body["output_url"];
      if (typeof url !== "string")
        throw new CannotGoOn("A done run had no output_url (see GET-08).");
      t.expect(
        "OUT-11",
        !strayPath(url),
        "a percent-encoded path under /workspace/, without .., backslash or scheme",
        url,
        exchange,
      );
      if (!url.startsWith("/")) throw new CannotGoOn("output_url is no path (see OUT-11).");
      const whole = await download(t, url);
      const { response } = whole;
      t.expect("OUT-01", response?.status === 200, "200", `${statusOf(whole)}`, whole);
      if (response?.status !== 200)
        throw new CannotGoOn("The output did not download (see OUT-01).");
      const type = response.headers["content-type"] ?? "no type";
      t.expect(
        "OUT-02",
        !url.endsWith(".glb") || /^model\/gltf-binary\b/i.test(type),
        "model/gltf-binary",
        type,
        whole,
      );
      const faults = glbFaults(response.body);
      for (const id of ["OUT-03", "OUT-04", "OUT-05", "OUT-07"] as const) {
        const fault = faults[id];
        if (fault === "unseen")
          t.session.ledger.obstruct(id, {
            kind: "blocked",
            reason: "The file could not be read as far as that (see OUT-03, OUT-04).",
          });
        else t.expect(id, fault === undefined, "a sound GLB", fault ?? "", whole);
      }
      const validated = await validatorFaults(response.body);
      if (validated === undefined)
        t.session.ledger.obstruct("OUT-06", {
          kind: "n/a",
          reason: "gltf-validator is not installed: npm install gltf-validator",
        });
      else t.expect("OUT-06", validated.length === 0, "no errors", validated.join("; "), whole);
      const twice = await download(t, url);
      t.expect(
        "OUT-08",
        sha256(twice.response?.body ?? Buffer.alloc(0)) === sha256(response.body),
        "the same bytes",
        "other bytes",
        whole,
        twice,
      );
      const ranged = await download(t, url, { Range: "bytes=0-11" });
      const piece = statusOf(ranged) === 206 ? response.body.subarray(0, 12) : response.body;
      t.expect(
        "OUT-13",
        [200, 206].includes(statusOf(ranged)) &&
          piece.equals(ranged.response?.body ?? Buffer.alloc(0)),
        "206 with 12 bytes, or 200 with all",
        `${statusOf(ranged)} with ${ranged.response?.body.length} bytes`,
        ranged,
      );
      const head = await download(t, url, {}, "HEAD");
      const length = head.response?.headers["content-length"];
      // Without a length the body of a GET comes in chunks, or until the connection closes.
      t.expect(
        "OUT-14",
        statusOf(head) === 200 && (length === undefined || length === String(response.body.length)),
        `200 and Content-Length ${response.body.length}, or none`,
        `${statusOf(head)} and Content-Length ${length ?? "none"}`,
        head,
      );
      const { etag, "last-modified": modified } = response.headers;
      t.expect(
        "OUT-16",
        etag !== undefined || modified !== undefined,
        "ETag or Last-Modified",
        "the mesh came with neither ETag nor Last-Modified",
        whole,
      );
      const folder = url.slice(0, url.lastIndexOf("/") + 1);
      for (const path of [`${url}.no-such-file`, folder, folder.slice(0, -1), "/workspace/"]) {
        const other = await download(t, path);
        // A redirect to the spelling with a slash tells nothing; that one is asked as well.
        const fine = isRefusal(other) || [301, 302, 307, 308].includes(statusOf(other));
        t.expect("OUT-12", fine, `${path}: 404, no listing`, `${statusOf(other)}`, other);
      }
      const until = exchange.end + t.session.budgets.stable;
      await t.until(String(body["run_id"]), () => performance.now() >= until);
      const later = await download(t, url);
      t.expect(
        "OUT-15",
        statusOf(later) === 200 && (later.response?.body.equals(response.body) ?? false),
        "it still downloads",
        `${statusOf(later)}`,
        later,
      );
    },
  },
  {
    name: "a file for each run",
    feeds: ["OUT-09"],
    needs: ["succeeds"],
    async run(t) {
      const ends = await Promise.all([1, 2, 3, 4].map(() => t.finished()));
      const urls = ends.map(({ body }) => String(body["output_url"]));
      t.expect(
        "OUT-09",
        new Set(urls).size === urls.length,
        "four different output_urls",
        urls.join(", "),
        ...ends.map(({ exchange }) => exchange),
      );
    },
  },
  {
    name: "four pictures at once",
    feeds: ["OUT-10"],
    race: true,
    needs: ["fingerprint"],
    async run(t) {
      const { named } = await t.situation("fingerprint");
      const pictures = [1, 2, 3, 4].map(() => png(t.session.nextPicture()));
      const together = await Promise.all(
        pictures.map((picture) => t.finished("fingerprint", picture)),
      );
      for (const [at, picture] of pictures.entries()) {
        const url = String(together[at]?.body["output_url"]);
        const exchanges = together[at] ? [together[at].exchange] : [];
        if (named) {
          t.expect(
            "OUT-10",
            url.includes(sha256(picture)),
            "an output named by its own picture",
            url,
            ...exchanges,
          );
        } else {
          const alone = await t.finished("fingerprint", picture);
          const [one, two] = [
            await fingerprintOf(t, url),
            await fingerprintOf(t, String(alone.body["output_url"])),
          ];
          t.expect(
            "OUT-10",
            one === two,
            "the output that the picture gives alone",
            "another one",
            ...exchanges,
          );
        }
      }
    },
  },
];
