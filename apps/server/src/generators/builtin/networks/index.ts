import { existsSync } from "node:fs";
import { basename } from "node:path";
import { resample, wholeOf } from "../picture/picture.ts";
import type { Field, Picture } from "../picture/raster.ts";
import { readCard, type Card } from "./card.ts";
import {
  findRuntime,
  INSTALL,
  loadRuntime,
  type Runtime,
  type Session,
  type Tensor,
} from "./runtime.ts";

/** Models that somebody else trained, by what they see. */
export interface NetworkFiles {
  /** Where onnxruntime-node was found. */
  readonly runtime: string;
  /** A model of what stands out (salient object). */
  readonly mask: string | null;
  /** A model of how far things are (monocular depth). */
  readonly depth: string | null;
}

/** What the files need to be used: the runtime; undefined where there are none, or a sentence on what is missing. */
export function findNetworks(
  files: Omit<NetworkFiles, "runtime">,
): NetworkFiles | string | undefined {
  const { mask, depth } = files;
  const given = Object.entries({ "--mask-model": mask, "--depth-model": depth });
  for (const [flag, file] of given) {
    if (file !== null && !existsSync(file)) return `${flag}: there is no file ${file}.`;
  }
  const flags = given.flatMap(([flag, file]) => (file === null ? [] : [flag]));
  if (flags.length === 0) return undefined;
  const runtime = findRuntime();
  if (runtime === undefined)
    return `${flags.join(" and ")} needs onnxruntime-node, which is not installed. Install it where the server is, or where it is started: ${INSTALL}`;
  return { runtime, mask, depth };
}

/** What a model sees on a whole picture, 0..1 on a grid of its own, or in words why it can't. */
export type Seen = Field | { readonly why: string };

export interface Networks {
  /** 1 where the object is. */
  mask?(picture: Picture): Promise<Seen>;
  /** 1 where it is nearest. */
  depth?(picture: Picture): Promise<Seen>;
}

/** Opens none of the files before something is asked of it; what is open stays so in this process. */
export function networksOf(files: NetworkFiles | undefined): Networks {
  if (files === undefined) return {};
  const { runtime, mask, depth } = files;
  return {
    ...(mask !== null && { mask: (picture) => see(runtime, mask, "mask", picture) }),
    ...(depth !== null && { depth: (picture) => see(runtime, depth, "depth", picture) }),
  };
}

type Kind = "mask" | "depth";

/** What most models were trained with: ImageNet's mean and deviation, and a side that suits their kind. */
const USUAL = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  side: { mask: 320, depth: 518 },
} as const;

interface Open {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly card: Card;
}

const opened = new Map<string, Promise<Open | { why: string }>>();

async function open(runtimePath: string, file: string): Promise<Open | { why: string }> {
  const card = await readCard(file);
  if (typeof card === "string") return { why: card };
  try {
    const runtime = loadRuntime(runtimePath);
    const session = await runtime.InferenceSession.create(file, {
      executionProviders: ["cpu"],
      // An arena keeps for ever what the largest picture took once.
      enableCpuMemArena: false,
      enableMemPattern: false,
      logSeverityLevel: 3,
    });
    return { runtime, session, card };
  } catch (cause) {
    return { why: (cause as Error).message };
  }
}

async function see(runtime: string, file: string, kind: Kind, picture: Picture): Promise<Seen> {
  const name = `the ${kind} model ${basename(file)} can't be used`;
  const opening = opened.get(file) ?? open(runtime, file);
  opened.set(file, opening);
  const model = await opening;
  if ("why" in model) return { why: `${name}: ${oneLine(model.why)}` };
  try {
    const answer = await ask(model, kind, picture);
    if ("why" in answer) return { why: `${name}: ${answer.why}` };
    return { ...answer, data: toShares(answer.data, kind, model.card) };
  } catch (cause) {
    return { why: `${name}: ${oneLine((cause as Error).message)}` };
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\.$/, "").slice(0, 300);
}

async function ask({ runtime, session, card }: Open, kind: Kind, picture: Picture): Promise<Seen> {
  const [input] = session.inputNames;
  const output = card.output ?? session.outputNames[0];
  if (input === undefined || output === undefined || !session.outputNames.includes(output))
    return { why: `it has no output ${output ?? ""}, but ${session.outputNames.join(", ")}` };
  const { width, height } = sizeFor(session, card, kind);
  const small = await resample(picture, wholeOf(picture), width, height);
  const tensor = new runtime.Tensor("float32", toPlanes(small, card), [1, 3, height, width]);
  const found = (await session.run({ [input]: tensor }))[output];
  return found === undefined ? { why: "it gave nothing" } : toField(found);
}

/** The size that the model's file names, else the one on its card, else the usual one. */
function sizeFor(
  { inputMetadata }: Session,
  { size }: Card,
  kind: Kind,
): { width: number; height: number } {
  const [height, width] = inputMetadata?.[0]?.shape?.slice(-2) ?? [];
  if (typeof width === "number" && typeof height === "number" && width > 0 && height > 0)
    return { width, height };
  if (size !== undefined) return { width: size[0], height: size[1] };
  return { width: USUAL.side[kind], height: USUAL.side[kind] };
}

/** Red, green and blue one after the other, each normalised as the model was trained. */
function toPlanes({ width, height, data }: Picture, card: Card): Float32Array {
  const [mean, std] = [card.mean ?? USUAL.mean, card.std ?? USUAL.std];
  const planes = new Float32Array(width * height * 3);
  for (let k = 0; k < 3; k++) {
    for (let i = 0; i < width * height; i++) {
      planes[k * width * height + i] = (data[i * 4 + k]! / 255 - mean[k]!) / std[k]!;
    }
  }
  return planes;
}

function toField({ dims, data }: Tensor): Seen {
  const [height = 0, width = 0] = dims.slice(-2);
  const before = dims.slice(0, -2).reduce((product, dim) => product * dim, 1);
  if (width < 2 || height < 2 || before !== 1)
    return { why: `its output is ${dims.join(" × ")}, not one number for each place` };
  return { width, height, data: Float32Array.from(data) };
}

function toShares(data: Float32Array, kind: Kind, { values, large }: Card): Float32Array {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (kind === "mask") {
    const logits = values === undefined ? low < -0.01 || high > 1.01 : values === "logit";
    return logits ? data.map((value) => 1 / (1 + Math.exp(-value))) : data;
  }
  const range = Math.max(1e-6, high - low);
  return data.map((value) => (large === "far" ? high - value : value - low) / range);
}
