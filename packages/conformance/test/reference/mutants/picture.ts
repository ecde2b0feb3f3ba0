import { isEnded } from "@modly-runs/contract";

import { correct } from "../behaviour.ts";
import { pause } from "../lab.ts";
import { refuse } from "../http.ts";
import type { Part } from "../multipart.ts";
import { crash, type Mutant } from "./mutant.ts";

/** Stands for the picture that a mutant makes up. */
const NOTHING = Buffer.from("nothing");
const acceptNothing = (bytes: Buffer) => (bytes === NOTHING ? null : correct.pictureFault(bytes));

const isPng = (bytes: Buffer) => bytes.toString("latin1", 1, 4) === "PNG";
const hasHeader = (bytes: Buffer) => bytes.toString("latin1", 12, 16) === "IHDR";

/** The picture of a create: whether it is there and what it is. */
export const PICTURES: readonly Mutant[] = [
  {
    name: "jpeg-refused",
    why: "Only PNG was ever tried.",
    overrides: {
      pictureFault: (bytes) => (bytes[0] === 0xff ? "Not a PNG." : correct.pictureFault(bytes)),
    },
    kills: ["CRE-07", "CRE-52", "CRE-53"],
  },
  {
    name: "webp-500",
    why: "The decoder lacks WebP and nobody catches what it throws.",
    overrides: {
      pictureFault: (bytes) =>
        bytes.toString("latin1", 0, 4) === "RIFF" ? crash() : correct.pictureFault(bytes),
    },
    kills: ["CRE-08", "WIRE-01", "CRE-54"],
  },
  {
    name: "image-missing-accepted",
    why: "A create without any picture starts a run.",
    overrides: {
      image: (parts) =>
        parts.some((part) => part.name === "image") ? correct.image(parts) : made(parts),
      pictureFault: acceptNothing,
    },
    // GET-30 sends one between two good creates, over the same connection.
    kills: ["CRE-12", "GET-30"],
  },
  {
    name: "image-as-text-accepted",
    why: "A text field named `image` passes for a picture.",
    overrides: {
      image: (parts) =>
        parts.some((part) => part.name === "image" && !part.file)
          ? made(parts)
          : correct.image(parts),
      pictureFault: acceptNothing,
    },
    kills: ["CRE-13"],
  },
  {
    name: "text-type-500",
    why: "Another type than an image's reaches code that knows only those.",
    overrides: {
      image: (parts) =>
        parts.some((part) => part.file && part.type?.startsWith("text/"))
          ? crash()
          : correct.image(parts),
    },
    kills: ["CRE-14", "WIRE-01"],
  },
  {
    name: "no-type-refused",
    why: "The label counts and not the bytes.",
    overrides: {
      image: (parts) =>
        parts.some((part) => part.file && part.type === null)
          ? refuse("not_an_image", "File must be an image.")
          : correct.image(parts),
    },
    kills: ["CRE-15"],
  },
  {
    name: "no-type-500",
    why: "A part without a type has no type to read.",
    overrides: {
      image: (parts) =>
        parts.some((part) => part.file && (part.type === null || /octet/.test(part.type)))
          ? crash()
          : correct.image(parts),
    },
    kills: ["CRE-15", "WIRE-01"],
  },
  {
    name: "empty-image-ok",
    why: "No byte is a picture too, as in the existing backend.",
    overrides: {
      pictureFault: (bytes) => (bytes.length === 0 ? null : correct.pictureFault(bytes)),
    },
    kills: ["CRE-16"],
  },
  {
    name: "truncated-image-done",
    why: "Half a picture gives a mesh.",
    overrides: {
      pictureFault: (bytes) =>
        isPng(bytes) && hasHeader(bytes) ? null : correct.pictureFault(bytes),
    },
    kills: ["CRE-17"],
  },
  {
    name: "garbage-image-done",
    why: "Eight right bytes are enough.",
    overrides: {
      pictureFault: (bytes) =>
        isPng(bytes) && !hasHeader(bytes) ? null : correct.pictureFault(bytes),
    },
    kills: ["CRE-18"],
  },
  {
    name: "garbage-image-hangs",
    why: "The decoder dies and nobody waits for it.",
    overrides: {
      pictureFault: (bytes) =>
        isPng(bytes) && !hasHeader(bytes) ? null : correct.pictureFault(bytes),
      work: async (lab, run) => {
        if (correct.pictureFault(run.image) === null) return correct.work(lab, run);
        while (!isEnded(run.status) && (await pause(lab, 500, run)));
      },
    },
    kills: ["CRE-18", "LIF-05"],
  },
  {
    name: "lying-label-done",
    why: "The label is believed and the bytes are not looked at.",
    overrides: {
      pictureFault: (bytes) =>
        /not a PNG, JPEG or WebP/.test(correct.pictureFault(bytes) ?? "")
          ? null
          : correct.pictureFault(bytes),
    },
    kills: ["CRE-19", "CRE-55"],
  },
];

function made(parts: readonly Part[]): Part {
  const image = parts.find((part) => part.name === "image");
  return {
    name: "image",
    disposition: "",
    type: "image/png",
    ...image,
    file: true,
    bytes: NOTHING,
  };
}
