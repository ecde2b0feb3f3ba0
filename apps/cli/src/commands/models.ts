import { DONE, EXIT } from "../exit.ts";
import { defaultModel, listedModels } from "../models.ts";
import { ended } from "../context.ts";
import type { ServerCommand } from "./command.ts";

export const models: ServerCommand<[], object> = {
  name: "models",
  summary: "List the server's models; * marks the one that `run` takes by itself",
  arguments: [],
  options: [],
  async act(context) {
    const { terminal, json } = context;
    const answer = await listedModels(context);
    if (!answer.ok) return ended(context, answer.failure);
    if (!answer.value) {
      return {
        exit: EXIT.refused,
        code: "not_listed",
        message:
          "The server does not list its models. `run` works all the same: name one with --model.",
      };
    }
    const chosen = defaultModel(answer.value);
    const width = Math.max(0, ...answer.value.map(({ id }) => id.length));
    if (json) terminal.print(JSON.stringify(answer.value));
    else {
      for (const { id, name } of answer.value) {
        terminal.print(`${id === chosen ? "*" : " "} ${id.padEnd(width)}  ${name ?? ""}`.trimEnd());
      }
    }
    return DONE;
  },
};
