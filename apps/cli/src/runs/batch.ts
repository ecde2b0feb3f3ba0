import { randomUUID } from "node:crypto";

import type { Run } from "@modly-runs/contract";

import { type Context, ended } from "../context.ts";
import { type Ending, EXIT, type ExitCode } from "../exit.ts";
import { note } from "../local/journal.ts";
import type { Picture } from "../local/pictures.ts";
import type { Plan } from "../local/places.ts";
import { SELF } from "../self.ts";
import type { Found } from "../servers/servers.ts";
import { follow } from "./follow.ts";
import type { Manifest } from "./manifest.ts";

/** One mesh to be made. */
export interface Job {
  picture: Picture;
  model: string;
  params: Readonly<Record<string, unknown>>;
  collection: string | undefined;
  place: Plan;
  /** In the file's name, where a picture gets several meshes. */
  tag: string;
}

export interface BatchOptions {
  concurrency: number;
  timeout?: number | undefined;
  onInterrupt: "cancel" | "detach";
  /** Start the runs and leave. */
  detach?: boolean | undefined;
  idempotencyKey?: string | undefined;
  manifest?: Manifest | undefined;
}

/** What came of a job, as `--json` tells it. */
export interface Made {
  image: string;
  model: string;
  run_id?: string | undefined;
  status: string;
  file?: string | undefined;
  files: string[];
  run?: Run | undefined;
  failure?: { code: string | undefined; message: string | undefined; exit: number } | undefined;
}

/** Makes all meshes, some at once, and tells of each. Never throws away what is done because something else failed. */
export async function makeAll(
  context: Context,
  found: Found,
  jobs: readonly Job[],
  options: BatchOptions,
): Promise<Made[]> {
  const active = new Set<string>();
  const stop = new AbortController();
  context.onInterrupt(() => {
    stop.abort();
    if (options.onInterrupt === "detach") {
      context.terminal.say(
        `Leaving ${active.size} runs to the server. Find them with \`${SELF} list\`.`,
      );
      begin(context.servers.close().then(() => process.exit(EXIT.interrupted)));
    } else for (const runId of active) begin(cancel(context, found, runId));
  });
  const made: Made[] = Array.from({ length: jobs.length });
  let next = 0;
  const work = async () => {
    while (next < jobs.length && !stop.signal.aborted) {
      const at = next++;
      made[at] = await makeOne(context, found, jobs[at]!, {
        ...options,
        several: jobs.length > 1,
        begun: (runId) => {
          active.add(runId);
          if (stop.signal.aborted) begin(cancel(context, found, runId));
        },
        over: (runId) => void active.delete(runId),
      });
      if (jobs.length > 1) tell(context, made, made[at]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, jobs.length) }, work));
  return made.filter((one) => one !== undefined);
}

/** One line for a mesh of several. */
function tell({ terminal, print }: Context, made: readonly (Made | undefined)[], one: Made): void {
  const count = made.filter(Boolean).length;
  const what = one.failure ? `${one.status}: ${one.failure.message}` : (one.file ?? one.status);
  if (one.failure) terminal.say(`[${count}/${made.length}] ${one.image}: ${what}`);
  else {
    terminal.progress(`[${count}/${made.length}] ${one.image} -> ${what}`, one.image + what);
    if (one.file !== undefined) print(one.file);
  }
}

interface OneOptions extends BatchOptions {
  several: boolean;
  begun: (runId: string) => void;
  over: (runId: string) => void;
}

async function makeOne(
  context: Context,
  found: Found,
  job: Job,
  options: OneOptions,
): Promise<Made> {
  const { picture, model, params, collection, place, tag } = job;
  const { manifest, several, timeout } = options;
  const about = { image: picture.name, model };
  const key = await manifest?.keyOf(job);
  const before = key === undefined ? undefined : manifest?.madeFile(key);
  if (before !== undefined)
    return { ...about, status: "made before", file: before, files: [before] };
  const file =
    (key === undefined ? undefined : manifest?.promisedFile(key)) ?? place.fileFor(picture, tag);

  const idempotencyKey =
    options.idempotencyKey ?? (key === undefined ? randomUUID() : manifest!.idempotencyKey(key));
  const entry = { ...about, key: idempotencyKey, api_url: found.isPrivate ? null : found.apiUrl };
  await note(entry);
  if (key !== undefined) await manifest?.note(key, { status: "asked", file });
  const created = await found.client.create({
    image: picture.image,
    modelId: model,
    params,
    collection,
    idempotencyKey,
  });
  if (!created.ok) {
    const ending = ended(found, created.failure);
    if (key !== undefined && created.failure.code !== "unreachable")
      await manifest?.note(key, { status: "failed" });
    return { ...about, status: "refused", files: [], failure: failureOf(ending) };
  }
  const runId = created.value.run_id;
  options.begun(runId);
  context.event("created", { ...about, run_id: runId });
  if (!several) context.terminal.say(`Run ${runId} with ${model}`);
  else context.terminal.tell(`Run ${runId} with ${model}: ${picture.name}`);
  await note({ ...entry, run_id: runId });
  if (key !== undefined) await manifest?.note(key, { status: "created", run_id: runId });
  if (options.detach) return { ...about, run_id: runId, status: "pending", files: [] };

  const target = { file, format: place.format, sizeMm: place.sizeMm };
  const { ending, run, files } = await follow(context, found, runId, {
    target,
    timeout,
    label: several ? `${picture.name}: ` : "",
  });
  options.over(runId);
  const status = run?.status ?? ending.code ?? "unknown";
  const wellSaved = ending.exit === EXIT.ok;
  if (run) await note({ ...entry, run_id: runId, status, ...(wellSaved ? { file } : {}) });
  if (key !== undefined && run && (wellSaved || run.status !== "done"))
    await manifest?.note(key, { status: wellSaved ? "done" : "failed", run_id: runId });
  return {
    ...about,
    run_id: runId,
    status,
    files,
    file: files[0],
    run,
    failure: wellSaved ? undefined : failureOf(ending),
  };
}

function failureOf({ code, message, exit }: Ending): NonNullable<Made["failure"]> {
  return { code, message, exit };
}

/** Work whose end nobody waits for here. */
const begin = (work: Promise<void>): void => void work.catch(() => {});

/** The end comes by way of the watch; a cancel that fails leaves the choice to the person. */
async function cancel({ terminal }: Context, { client }: Found, runId: string): Promise<void> {
  terminal.say(`Cancelling run ${runId} on the server. Press Ctrl-C again to leave at once.`);
  const answer = await client.cancel(runId);
  if (!answer.ok) terminal.say(`It could not be cancelled: ${answer.failure.message}`);
}

/** How it all ended: well, as its only run did, or with a count of what did not. */
export function endingOfAll(context: Context, made: readonly Made[], asked: number): Ending {
  const failed = made.filter(({ failure }) => failure !== undefined);
  const [only] = made;
  if (asked === 1 && only) {
    const { failure, file, run_id, status } = only;
    if (failure) return { ...failure, exit: failure.exit as ExitCode, result: { runs: made } };
    if (status === "pending") context.print(run_id ?? "");
    else if (file !== undefined && file !== "-") context.print(file);
    return { exit: EXIT.ok, ...(file === "-" ? {} : { result: { runs: made } }) };
  }
  const before = made.filter(({ status }) => status === "made before").length;
  const fine = made.length - failed.length - before;
  const parts = [
    `${fine} made`,
    before && `${before} made before`,
    failed.length && `${failed.length} failed`,
    asked - made.length && `${asked - made.length} not begun`,
  ];
  const summary = `${parts.filter(Boolean).join(", ")}.`;
  if (failed.length === 0 && made.length === asked) {
    context.terminal.progress(summary, summary);
    return { exit: EXIT.ok, result: { runs: made } };
  }
  const exit = (failed[0]?.failure?.exit ?? EXIT.interrupted) as ExitCode;
  return {
    exit,
    code: failed[0]?.failure?.code ?? "interrupted",
    message: summary,
    result: { runs: made },
  };
}
