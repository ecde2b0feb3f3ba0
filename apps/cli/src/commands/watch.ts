import { watch as watchFolder } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { Format } from "@modly-runs/mesh/formats";

import { ended } from "../context.ts";
import { EXIT, endingOf } from "../exit.ts";
import { isPictureName } from "../local/pictures.ts";
import { option } from "../options.ts";
import { type Job, makeAll } from "../runs/batch.ts";
import { chooseModel } from "../runs/models.ts";
import type { Command } from "./command.ts";

interface WatchOptions {
  model?: string[];
  param?: Record<string, unknown>;
  params?: Record<string, unknown>;
  format?: Format;
  size?: number;
  timeout?: number;
}

/** Milliseconds that a picture must stay as it is before it counts as written. */
const SETTLED = 300;
/** Milliseconds after which we look by ourselves: network folders tell nobody of changes. */
const LOOK = 2000;

export const watch: Command<[string], WatchOptions> = {
  examples: [
    [
      "modly-runs watch photos/ --format stl",
      "each new picture gets an STL beside it, until Ctrl-C",
    ],
  ],
  arguments: [["<folder>", "pictures that come into it become meshes"]],
  options: [
    option.model(),
    option.param(),
    option.params(),
    option.format(),
    option.size(),
    option.timeout(),
  ],
  async act(context, [folder], options) {
    const { format = "glb" } = options;
    if ((options.model?.length ?? 0) > 1)
      return {
        exit: EXIT.usage,
        code: "usage",
        message: "A picture gets one mesh beside it: name one --model.",
      };
    if (!(await stat(folder).catch(() => undefined))?.isDirectory())
      return { exit: EXIT.file, code: "local_file", message: `There is no folder ${folder}.` };
    const any = await context.servers.any();
    if (!any.ok) return endingOf(any.failure);
    const chosen =
      options.model?.[0] ?? (await chooseModel(any.value, (line) => context.terminal.remark(line)));
    if (typeof chosen !== "string" && !chosen.ok) return ended(any.value, chosen.failure);
    const model = typeof chosen === "string" ? chosen : chosen.value;

    const stop = new AbortController();
    context.onInterrupt(() => stop.abort());
    const tried = new Map<string, string>();
    let wake = new AbortController();
    const watcher = watchFolder(folder, () => wake.abort());
    watcher.on("error", () => {});
    context.terminal.remark(`Watching ${folder} with ${model}. Ctrl-C ends it.`);
    let made = 0;
    try {
      while (!stop.signal.aborted) {
        for (const name of (await readdir(folder)).filter(isPictureName)) {
          const image = path.join(folder, name);
          const file = path.join(folder, `${path.parse(name).name}.${format}`);
          const mark = await markOf(image);
          // A mesh that is there is not made again; a picture that failed is tried again when it changes.
          if (
            mark === undefined ||
            tried.get(image) === mark ||
            (await stat(file).catch(() => undefined))
          )
            continue;
          await pause(SETTLED);
          if ((await markOf(image)) !== mark || stop.signal.aborted) continue;
          tried.set(image, mark);
          const job: Job = {
            picture: { name: image, stem: path.parse(name).name, image },
            model,
            params: { ...options.params, ...options.param },
            collection: undefined,
            place: {
              format,
              sizeMm: options.size,
              fileFor: () => file,
              previewFor: () => undefined,
            },
            tag: "",
          };
          const [one] = await makeAll(context, any.value, [job], {
            concurrency: 1,
            onInterrupt: "cancel",
            timeout: options.timeout,
            stop,
          });
          context.onInterrupt(() => stop.abort());
          if (one?.failure) context.terminal.say(`${image}: ${one.failure.message}`);
          else if (one) {
            made++;
            context.print(file);
          }
        }
        await pause(LOOK, undefined, { signal: AbortSignal.any([stop.signal, wake.signal]) }).catch(
          () => {},
        );
        wake = new AbortController();
      }
    } finally {
      watcher.close();
    }
    return { exit: EXIT.ok, result: { made } };
  },
};

/** What changes when a picture is written to; undefined for one that is gone or empty. */
async function markOf(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() && found.size > 0 ? `${found.size} ${found.mtimeMs}` : undefined;
}
