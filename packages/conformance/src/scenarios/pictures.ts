import type { CheckId } from "../requirements/index.ts";
import { sha256 } from "../target/situations.ts";
import { png, PNG_KINDS, pngOf, SVG } from "../wire/pictures.ts";
import {
  JPEG,
  JPEG_OTHER,
  JPEG_PROGRESSIVE,
  JPEG_TURNED,
  WEBP,
  WEBP_OTHER,
} from "../wire/samples.ts";
import { isRefusal, told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

type Sent = { readonly what: string; readonly type: string; readonly content: Buffer };

const create = async (t: Bench, { type, content }: Sent) =>
  t.create(await t.partsOf({ name: "image", filename: "picture", type, content }));

/** A whole picture is taken, and its run is done. */
async function taken(t: Bench, id: CheckId, sent: Sent): Promise<void> {
  const exchange = await create(t, sent);
  const run = t.acceptedId(exchange);
  const end = run === undefined ? undefined : await t.endOf(run);
  t.expect(
    id,
    end?.body["status"] === "done",
    `${sent.what}: accepted, and done in the end`,
    told(end?.exchange ?? exchange),
    exchange,
    ...(end ? [end.exchange] : []),
  );
}

/** What is no whole picture is refused, or its run fails. */
async function neverDone(t: Bench, id: CheckId, sent: Sent): Promise<void> {
  const exchange = await create(t, sent);
  const run = t.acceptedId(exchange);
  const end = run === undefined ? undefined : await t.endOf(run);
  t.expect(
    id,
    run === undefined ? isRefusal(exchange) : end?.body["status"] === "error",
    `${sent.what}: 4xx, or a run that ends in error`,
    told(end?.exchange ?? exchange),
    exchange,
    ...(end ? [end.exchange] : []),
  );
}

const half = (whole: Buffer) => whole.subarray(0, Math.floor(whole.length / 2));

export const PICTURES: readonly Scenario[] = [
  {
    name: "kinds of PNG",
    feeds: ["CRE-51"],
    needs: ["succeeds"],
    async run(t) {
      const seed = t.session.nextPicture();
      for (const [what, kind] of Object.entries(PNG_KINDS))
        await taken(t, "CRE-51", { what, type: "image/png", content: pngOf(kind, seed) });
    },
  },
  {
    name: "kinds of JPEG",
    feeds: ["CRE-52"],
    needs: ["succeeds"],
    async run(t) {
      const kinds = { baseline: JPEG, progressive: JPEG_PROGRESSIVE, "with EXIF": JPEG_TURNED };
      for (const [what, content] of Object.entries(kinds))
        await taken(t, "CRE-52", { what, type: "image/jpeg", content });
    },
  },
  {
    name: "a picture under another picture's label",
    feeds: ["CRE-53"],
    needs: ["succeeds"],
    async run(t) {
      const content = png(t.session.nextPicture());
      await taken(t, "CRE-53", { what: "a PNG as image/jpeg", type: "image/jpeg", content });
      await taken(t, "CRE-53", { what: "a JPEG as image/png", type: "image/png", content: JPEG });
    },
  },
  {
    name: "cut-off pictures of other formats",
    feeds: ["CRE-54", "CRE-55"],
    async run(t) {
      await neverDone(t, "CRE-54", {
        what: "half a JPEG",
        type: "image/jpeg",
        content: half(JPEG),
      });
      await neverDone(t, "CRE-54", {
        what: "half a WebP",
        type: "image/webp",
        content: half(WEBP),
      });
      await neverDone(t, "CRE-55", { what: "an SVG", type: "image/svg+xml", content: SVG });
      await neverDone(t, "CRE-55", { what: "an SVG as PNG", type: "image/png", content: SVG });
    },
  },
  {
    name: "the mesh of each format's picture",
    feeds: ["OUT-18"],
    needs: ["fingerprint"],
    async run(t) {
      const { named } = await t.situation("fingerprint");
      const seed = t.session.nextPicture();
      const pairs: readonly (readonly [string, string, Buffer, Buffer])[] = [
        ["grey PNG", "image/png", pngOf(PNG_KINDS.grey, seed), pngOf(PNG_KINDS.grey, seed + 1)],
        [
          "palette PNG",
          "image/png",
          pngOf(PNG_KINDS.palette, seed),
          pngOf(PNG_KINDS.palette, seed + 1),
        ],
        ["JPEG", "image/jpeg", JPEG, JPEG_OTHER],
        ["WebP", "image/webp", WEBP, WEBP_OTHER],
      ];
      for (const [what, type, ...pictures] of pairs) {
        const { image, fields } = await t.parts("fingerprint");
        const meshes: string[] = [];
        for (const content of pictures) {
          const exchange = await t.create([...fields, { ...image, type, content }]);
          const run = t.acceptedId(exchange);
          // A format that is not taken is CRE-52's or CRE-08's.
          const end = run === undefined ? undefined : await t.endOf(run);
          if (end?.body["status"] !== "done") continue;
          const url = String(end.body["output_url"]);
          if (named) {
            t.judge("OUT-18", end.exchange, `${what}: its own mesh`, url.includes(sha256(content)));
          } else {
            const output = await t.send(
              { method: "GET", path: url },
              { meaning: { act: "output" } },
            );
            meshes.push(sha256(output.response?.body ?? Buffer.alloc(0)));
          }
        }
        if (meshes.length === 2)
          t.expect(
            "OUT-18",
            meshes[0] !== meshes[1],
            `${what}: two pictures, two meshes`,
            "the same mesh twice",
          );
      }
    },
  },
];
