import type { z } from "zod";

import { Model, ParamSpec } from "../companion/index.ts";

/** A model as any server lists it: the id for sure, what else it tells where it does. */
export interface ListedModel {
  id: string;
  name?: string | undefined;
  description?: string | undefined;
  version?: string | undefined;
  vram_gb?: number | null | undefined;
  hf_repo?: string | null | undefined;
  tags?: string[] | undefined;
  downloaded?: boolean | undefined;
  loaded?: boolean | undefined;
  active?: boolean | undefined;
}

/** A parameter of a model: its type, range and default. */
export interface ModelParam {
  id: string;
  /** `int`, `float`, `string`, `select`, `boolean` or `text`; others may come. */
  type: string;
  label?: string | undefined;
  default?: unknown;
  min?: number | string | undefined;
  max?: number | string | undefined;
  step?: number | string | undefined;
  options?: { value: string | number | boolean; label: string }[] | undefined;
  tooltip?: string | undefined;
}

export const ListedModels: z.ZodType<ListedModel[], z.ZodTypeDef, unknown> = Model.partial()
  .required({ id: true })
  .array();
export const ModelParams: z.ZodType<ModelParam[], z.ZodTypeDef, unknown> = ParamSpec.array();
