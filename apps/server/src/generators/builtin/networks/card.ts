import { readFile } from "node:fs/promises";
import { z } from "zod";

const three = z.tuple([z.number(), z.number(), z.number()]);

/** What a JSON file beside a model may say of it; the file's name is the model's with `.json` for `.onnx`. */
const schema = z
  .object({
    /** Width and height that the model takes, where its file leaves them open. */
    size: z.tuple([z.number().int().min(8).max(4096), z.number().int().min(8).max(4096)]),
    /** Taken from each channel, after it is brought to 0..1. */
    mean: three,
    /** What each channel is then divided by. */
    std: three,
    /** Which output, by its name; the first otherwise. */
    output: z.string(),
    /** What the numbers that come out are: shares, or logits that a sigmoid makes shares of. */
    values: z.enum(["share", "logit"]),
    /** Of a depth model: whether large numbers are near (disparity) or far. */
    large: z.enum(["near", "far"]),
  })
  .partial()
  .strict();

export type Card = z.infer<typeof schema>;

/** The card beside a model, nothing where there is none, or what is wrong with it. */
export async function readCard(model: string): Promise<Card | string> {
  const path = model.replace(/\.onnx$/i, "") + ".json";
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    const card = schema.safeParse(JSON.parse(text));
    if (card.success) return card.data;
    const [issue] = card.error.issues;
    return `the JSON beside it is wrong at ${issue?.path.join(".") || "its top"}: ${issue?.message}`;
  } catch (cause) {
    return `the JSON beside it can't be read: ${(cause as Error).message}`;
  }
}
