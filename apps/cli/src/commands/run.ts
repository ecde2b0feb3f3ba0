import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { parse } from "node:path";

import { fail, type Outcome, succeed } from "@modly-runs/contract/client";
import { Option } from "commander";

import { type Context, ended } from "../context.ts";
import { follow } from "../follow.ts";
import { defaultModel, listedModels, OUR_DEFAULT } from "../models.ts";
import { collectParam, parseParams, parseSeconds } from "../params.ts";
import type { ServerCommand } from "./command.ts";

interface RunOptions {
  model?: string;
  param?: Record<string, unknown>;
  params?: Record<string, unknown>;
  collection?: string;
  output?: string;
  timeout?: number;
}

export const run: ServerCommand<[string], RunOptions> = {
  name: "run",
  summary: "Turn a picture into a mesh",
  arguments: [["<image>", "the picture: PNG, JPEG or WebP"]],
  options: [
    new Option("-m, --model <id>", "the model (default: the server's)"),
    new Option("--param <key=value>", "a parameter of the model; may be repeated").argParser(
      collectParam,
    ),
    new Option("--params <json>", "parameters as a JSON object").argParser(parseParams),
    new Option("--collection <name>", "the folder of the workspace that the mesh goes to"),
    new Option(
      "-o, --output <file>",
      "where the mesh goes, - for stdout (default: a new NAME.glb)",
    ),
    new Option("--timeout <seconds>", "how long to wait for the end").argParser(parseSeconds),
  ],
  async act(context, [image], options) {
    const { client, terminal } = context;
    let interrupted = false;
    let stop = () => {};
    context.onInterrupt(() => {
      interrupted = true;
      stop();
    });

    // What is wrong on this machine is said before a server is asked.
    if (!existsSync(image))
      return ended(context, fail("local_file", `There is no picture ${image}.`).failure);
    const chosen = options.model === undefined ? await choose(context) : succeed(options.model);
    if (!chosen.ok) return ended(context, chosen.failure);
    const modelId = chosen.value;
    const created = await client.create({
      image,
      modelId,
      params: { ...options.params, ...options.param },
      collection: options.collection,
      idempotencyKey: randomUUID(),
    });
    if (!created.ok) return ended(context, created.failure);

    const runId = created.value.run_id;
    terminal.say(`Run ${runId} with ${modelId}`);
    stop = () => void cancel(context, runId);
    if (interrupted) stop();
    const output = options.output ?? newFile(parse(image).name);
    return follow(context, runId, { output, timeout: options.timeout });
  },
};

async function choose(context: Context): Promise<Outcome<string>> {
  const listed = await listedModels(context);
  if (!listed.ok) return listed;
  if (listed.value) {
    const chosen = defaultModel(listed.value);
    return chosen === undefined ? fail("refused", "The server has no models.") : succeed(chosen);
  }
  context.terminal.say(
    `The server does not list its models; trying ${OUR_DEFAULT}. Choose with --model.`,
  );
  return succeed(OUR_DEFAULT);
}

/** The end comes by way of the watch; a cancel that fails leaves the choice to the person. */
async function cancel({ client, terminal }: Context, runId: string): Promise<void> {
  terminal.say(`Cancelling run ${runId} on the server. Press Ctrl-C again to leave at once.`);
  const answer = await client.cancel(runId);
  if (!answer.ok) terminal.say(`It could not be cancelled: ${answer.failure.message}`);
}

/** A name that nobody chose must not cost somebody's file. */
function newFile(name: string): string {
  for (let n = 1; ; n++) {
    const file = `${name}${n === 1 ? "" : `-${n}`}.glb`;
    if (!existsSync(file)) return file;
  }
}
