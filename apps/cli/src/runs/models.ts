import { fail, type ListedModel, type Outcome, succeed } from "@modly-runs/contract/client";

import type { Found } from "../servers/servers.ts";

/** What a server without a list of models gets when nobody named one: our own server's default. */
const OUR_DEFAULT = "builtin/auto";

/** The one a person means who names none: the active one, else one that is there, else the first. */
export function defaultModel(models: readonly ListedModel[]): string | undefined {
  const chosen =
    models.find((model) => model.active) ?? models.find((model) => model.downloaded) ?? models[0];
  return chosen?.id;
}

/** The server's models; undefined if it does not list them, which the contract does not ask of it. */
export async function listedModels({ client }: Found): Promise<Outcome<ListedModel[] | undefined>> {
  const listed = await client.models({ signal: AbortSignal.timeout(10_000) });
  if (listed.ok) return listed;
  const { code, status } = listed.failure;
  const closed = code === "unreachable" || code === "aborted" || status === 401 || status === 403;
  return closed ? listed : succeed(undefined);
}

/** The model for a run that names none. */
export async function chooseModel(
  found: Found,
  say: (line: string) => void,
): Promise<Outcome<string>> {
  const listed = await listedModels(found);
  if (!listed.ok) return listed;
  if (listed.value) {
    const chosen = defaultModel(listed.value);
    return chosen === undefined ? fail("refused", "The server has no models.") : succeed(chosen);
  }
  say(`The server does not list its models; trying ${OUR_DEFAULT}. Choose with --model.`);
  return succeed(OUR_DEFAULT);
}
