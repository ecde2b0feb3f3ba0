import type { ModelParam } from "@modly-runs/contract/client";

import { type Context, ended } from "../context.ts";
import { EXIT, endingOf } from "../exit.ts";
import { defaultModel, listedModels } from "../runs/models.ts";
import { SELF } from "../self.ts";
import { wrapped } from "../terminal.ts";
import type { Command } from "./command.ts";

export const models: Command<[string | undefined], object> = {
  examples: [
    ["modly-runs models", "what there is; * marks the one that `run` takes by itself"],
    ["modly-runs models builtin/relief", "one, with its parameters"],
  ],
  arguments: [["[model]", "describe this one"]],
  options: [],
  async act(context, [wanted]) {
    const any = await context.servers.any();
    if (!any.ok) return endingOf(any.failure);
    const found = any.value;
    const listed = await listedModels(found);
    if (!listed.ok) return ended(found, listed.failure);
    if (!listed.value)
      return {
        exit: EXIT.refused,
        code: "not_listed",
        message:
          "The server does not list its models. `run` works all the same: name one with --model.",
      };
    const chosen = defaultModel(listed.value);
    if (wanted === undefined) {
      const width = Math.max(0, ...listed.value.map(({ id }) => id.length));
      for (const { id, name, description } of listed.value)
        show(
          context,
          `${id === chosen ? "*" : " "} ${id.padEnd(width)}  ${description || name || ""}`,
          width + 4,
        );
      return { exit: EXIT.ok, result: { models: listed.value, default: chosen } };
    }
    const model = listed.value.find(({ id }) => id === wanted);
    if (!model)
      return {
        exit: EXIT.refused,
        code: "unknown_model",
        message: `The server has no model ${wanted}. See \`${SELF} models\`.`,
      };
    const params = await found.client.params(wanted);
    if (!params.ok && params.failure.code !== "not_found") return ended(found, params.failure);
    context.print(`${model.id}${model.name ? `: ${model.name}` : ""}`);
    if (model.description) show(context, model.description, 0);
    for (const param of params.ok ? params.value : []) show(context, `  ${describe(param)}`, 6);
    return { exit: EXIT.ok, result: { model, params: params.ok ? params.value : [] } };
  },
};

/** One line for a program, as many as it takes for a person. */
function show({ terminal, print }: Context, line: string, indent: number): void {
  const { columns } = terminal;
  print(columns === undefined ? line.trimEnd() : wrapped(line.trimEnd(), columns - 1, indent));
}

function describe({ id, type, label, min, max, options, tooltip, ...rest }: ModelParam): string {
  const range =
    options?.map(({ value }) => String(value)).join(" | ") ??
    (min === undefined && max === undefined ? "" : `${min ?? ""}..${max ?? ""}`);
  const standard = rest.default === undefined ? "" : `default ${JSON.stringify(rest.default)}`;
  const facts = [type, range, standard].filter(Boolean).join(", ");
  return `${id} (${facts})  ${tooltip ?? label ?? ""}`.trimEnd();
}
