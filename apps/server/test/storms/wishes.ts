import { pictureOf } from "./pictures.ts";

/** What a client asks for: the mark makes its picture like no other. */
export interface Wish {
  readonly mark: string;
  readonly model: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The parts of a create. */
export function formOf({ mark, model, params }: Wish): FormData {
  const form = new FormData();
  form.set("model_id", model);
  form.set("params", JSON.stringify(params));
  form.set("image", new Blob([new Uint8Array(pictureOf(mark))], { type: "image/png" }), "p.png");
  return form;
}
