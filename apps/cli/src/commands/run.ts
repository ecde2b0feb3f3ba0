import { succeed } from "@modly-runs/contract/client";
import { Option } from "commander";

import { ended } from "../context.ts";
import { type Ending, EXIT, endingOf } from "../exit.ts";
import { picturesOf } from "../local/pictures.ts";
import { planOf, type PlaceOptions } from "../local/places.ts";
import { option } from "../options.ts";
import { type BatchOptions, endingOfAll, type Job, type Made, makeAll } from "../runs/batch.ts";
import { Manifest } from "../runs/manifest.ts";
import { chooseModel } from "../runs/models.ts";
import type { Command } from "./command.ts";

interface RunOptions extends PlaceOptions, Omit<BatchOptions, "manifest"> {
  model?: string[];
  param?: Record<string, unknown>;
  params?: Record<string, unknown>;
  collection?: string;
  open?: boolean;
  manifest?: string;
  resume?: boolean;
}

export const run: Command<[string[]], RunOptions> = {
  examples: [
    ["modly-runs run duck.png", "writes duck.glb"],
    ["modly-runs run duck.png -o duck.stl --size 80mm", "to print, 80 mm along its longest side"],
    [
      "modly-runs run photos/ -o meshes/ --manifest runs.jsonl",
      "a folder; stopped, go on with --resume",
    ],
    ["curl -s URL | modly-runs run - -o - > mesh.glb", "from stdin to stdout"],
  ],
  arguments: [["<image...>", "pictures: files, folders, patterns, http(s) addresses, - for stdin"]],
  options: [
    option.model(),
    option.param(),
    option.params(),
    new Option(
      "-o, --output <file>",
      "a file, a folder (NAME/ is made), or - for stdout (default: a new NAME.glb)",
    ),
    option.format(),
    option.size(),
    new Option(
      "--preview <file>",
      "also draw the mesh: into a PNG, or a folder, where it is NAME.preview.png",
    ),
    new Option("--open", "open the mesh when it is there"),
    new Option("--collection <name>", "the folder of the workspace that the mesh goes to"),
    option.concurrency(),
    option.timeout(),
    new Option("--detach", "start the runs, print their ids and leave"),
    new Option("--on-interrupt <how>", "what Ctrl-C does to runs")
      .choices(["cancel", "detach"])
      .default("cancel"),
    new Option(
      "--idempotency-key <text>",
      "the same key and picture give the same run, however often it is sent",
    ),
    new Option("--manifest <file>", "write down what is done, a JSON line each"),
    new Option("--resume", "go on with the batch of the manifest"),
  ],
  async act(context, [images], options) {
    // What is wrong on this machine is said before a server is asked.
    const tags = options.model ?? [""];
    const pictures = await picturesOf(images);
    if (!pictures.ok) return endingOf(pictures.failure);
    const count = pictures.value.length * tags.length;
    if (options.idempotencyKey !== undefined && count > 1)
      return usage(`--idempotency-key is for one mesh, and these are ${count}.`);
    if (options.resume && options.manifest === undefined)
      return usage("--resume needs --manifest FILE, the one of the batch.");
    const plan = await planOf(options, pictures.value, count);
    if (!plan.ok) return plan.ending;
    const manifest =
      options.manifest === undefined
        ? undefined
        : await Manifest.open(options.manifest, options.resume ?? false);
    if (typeof manifest === "string") return usage(manifest);

    // A run that nobody waits for needs a server that stays.
    const any = options.detach ? succeed(context.servers.existing()) : await context.servers.any();
    if (!any.ok) return endingOf(any.failure);
    const found = any.value;
    const models: string[] = options.model ?? [];
    if (models.length === 0) {
      const chosen = await chooseModel(found, (line) => context.terminal.remark(line));
      if (!chosen.ok) return ended(found, chosen.failure);
      models.push(chosen.value);
    }
    const jobs = pictures.value.flatMap((picture) =>
      models.map((model): Job => ({
        picture,
        model,
        params: { ...options.params, ...options.param },
        collection: options.collection,
        place: plan.value,
        tag: models.length > 1 ? model.replaceAll(/[^\w.-]/g, "-") : "",
      })),
    );
    const made = await makeAll(context, found, jobs, { ...options, manifest });
    if (options.open) await openAll(made);
    return endingOfAll(context, made, jobs.length);
  },
};

const usage = (message: string): Ending => ({ exit: EXIT.usage, code: "usage", message });

async function openAll(made: readonly Made[]): Promise<void> {
  const { openFile } = await import("../local/open.ts");
  for (const { file, failure } of made)
    if (file !== undefined && file !== "-" && !failure) openFile(file);
}
