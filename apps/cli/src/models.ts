import { Model } from "@modly-runs/contract/companion";
import { fail, type Outcome, succeed } from "@modly-runs/contract/client";

import type { Context } from "./context.ts";

/** What a server without a list of models gets when nobody named one: our own server's default. */
export const OUR_DEFAULT = "builtin/auto";

/** The part of a model's description that a list can't do without; the rest may be there. */
const Listed = Model.partial().required({ id: true }).array();
export type ListedModel = Pick<Model, "id"> & { [K in keyof Model]?: Model[K] | undefined };

/** The server's models; undefined if it does not list them, which the contract does not ask of it. */
export async function listedModels({
  apiUrl,
  token,
}: Context): Promise<Outcome<ListedModel[] | undefined>> {
  try {
    const answer = await fetch(`${apiUrl.replace(/\/+$/, "")}/model/all`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    const { status } = answer;
    if (status === 401 || status === 403) {
      return fail("refused", "The server won't let us in.", { status });
    }
    const listed = Listed.safeParse(answer.ok ? await answer.json().catch(() => null) : undefined);
    return succeed(listed.data);
  } catch (cause) {
    return fail("unreachable", `The server at ${apiUrl} does not answer.`, { cause });
  }
}

/** The one a person means who names none: the active one, else one that is there, else the first. */
export function defaultModel(models: readonly ListedModel[]): string | undefined {
  const chosen =
    models.find((model) => model.active) ?? models.find((model) => model.downloaded) ?? models[0];
  return chosen?.id;
}
