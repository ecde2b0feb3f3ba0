import { randomUUID } from "node:crypto";

import type { Run } from "@modly-runs/contract";

import { type Context, ended } from "../context.ts";
import { type Ending, EXIT, type ExitCode } from "../exit.ts";
import type { WrittenFigures } from "../local/figures.ts";
import { note } from "../local/journal.ts";
import type { Picture } from "../local/pictures.ts";
import type { Plan } from "../local/places.ts";
import { SELF } from "../self.ts";
import type { Found } from "../servers/servers.ts";
import { bar } from "../terminal.ts";
import { Away, follow, type FollowOptions, stepOf } from "./follow.ts";
import type { Manifest } from "./manifest.ts";
import { meshBytes } from "./save.ts";

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
  /** Aborted by Ctrl-C, whatever it then does to the runs. */
  stop?: AbortController | undefined;
}

/** What came of a job, as `--json` tells it. */
export interface Made {
  image: string;
  model: string;
  run_id?: string | undefined;
  status: string;
  file?: string | undefined;
  files: string[];
  figures?: WrittenFigures | undefined;
  /** The picture of the mesh. */
  preview?: string | undefined;
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
  const { terminal } = context;
  const active = new Set<string>();
  const { stop = new AbortController() } = options;
  let serverIsGone = false;
  context.onInterrupt(() => {
    stop.abort();
    if (options.onInterrupt === "detach") begin(leave(context, found, [...active]));
    else for (const runId of active) begin(cancel(context, found, runId));
  });
  const several = jobs.length > 1;
  const models = new Set(jobs.map(({ model }) => model)).size;
  const away = new Away(terminal);
  /** What is under way, a line each, in the order in which it began. */
  const lines = new Map<Job, string>();
  const made: Made[] = Array.from({ length: jobs.length });
  let next = 0;
  const work = async () => {
    while (next < jobs.length && !stop.signal.aborted && !serverIsGone) {
      const at = next++;
      const job = jobs[at]!;
      const one = await makeOne(context, found, job, {
        ...options,
        several,
        away,
        begun: (runId) => {
          active.add(runId);
          if (stop.signal.aborted && options.onInterrupt === "cancel")
            begin(cancel(context, found, runId));
        },
        over: (runId) => void active.delete(runId),
        show: several
          ? (run) => {
              const name = models > 1 ? `${job.picture.name}, ${job.model}` : job.picture.name;
              lines.set(job, `${bar(run.progress)} ${name}: ${stepOf(run)}`);
              terminal.live([...lines.values()]);
            }
          : undefined,
      });
      made[at] = one;
      if (several) {
        lines.delete(job);
        terminal.live([...lines.values()]);
        tell(context, made, one);
      }
      // Without a server the rest would fail in the same way, one after the other.
      serverIsGone ||= one.failure?.exit === EXIT.noServer;
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, jobs.length) }, work));
  return made.filter((one) => one !== undefined);
}

/** One line for a mesh of several. */
function tell(
  { terminal, json, jsonl, print }: Context,
  made: readonly (Made | undefined)[],
  one: Made,
): void {
  const total = String(made.length);
  const count = String(made.filter(Boolean).length).padStart(total.length);
  const begins = `[${count}/${total}] ${one.image}`;
  if (one.failure) return terminal.say(`${begins}: ${one.status}: ${one.failure.message}`);
  const line = `${begins} -> ${one.file ?? one.run_id}${one.status === "made before" ? " (made before)" : ""}`;
  // On a screen the line has said it already; a program reads the names alone.
  if (terminal.columns !== undefined && !json && !jsonl) return terminal.print(line);
  terminal.remark(line);
  print(one.file ?? one.run_id ?? "");
}

/** Ctrl-C where runs are to go on. */
async function leave(context: Context, found: Found, runs: readonly string[]): Promise<void> {
  const fate =
    found.own === undefined
      ? "They go on there"
      : found.own.keepsRuns
        ? "Our own server stops now and keeps them"
        : "They end with our own server, which has no data that stay";
  context.terminal.say(
    `Leaving ${runs.length === 1 ? "a run" : `${runs.length} runs`} to the server. ${fate}.${
      found.own?.keepsRuns === false
        ? ""
        : ` \`${SELF} list\` names them, \`${SELF} wait ID\` takes one up.`
    }`,
  );
  await context.servers.close();
  process.exit(EXIT.interrupted);
}

interface OneOptions extends BatchOptions, Pick<FollowOptions, "show" | "away"> {
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
  const entry = { ...about, key: idempotencyKey, api_url: found.own ? null : found.apiUrl };
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
  if (!several) context.terminal.remark(`Run ${runId} with ${model}`);
  else context.terminal.tell(`Run ${runId} with ${model}: ${picture.name}`);
  await note({ ...entry, run_id: runId });
  if (key !== undefined) await manifest?.note(key, { status: "created", run_id: runId });
  if (options.detach) return { ...about, run_id: runId, status: "pending", files: [] };

  const target = { file, format: place.format, sizeMm: place.sizeMm };
  const { ending, run, files, figures } = await follow(context, found, runId, {
    target,
    timeout,
    show: options.show,
    away: options.away,
  });
  options.over(runId);
  const status = run?.status ?? ending.code ?? "unknown";
  const wellSaved = ending.exit === EXIT.ok;
  const preview = wellSaved ? place.previewFor(file) : undefined;
  const undrawn = preview && run ? await drawMesh(found, run, preview) : undefined;
  if (figures && !several) await remarkOn(context, figures);
  if (run) await note({ ...entry, run_id: runId, status, ...(wellSaved ? { file } : {}) });
  if (key !== undefined && run && (wellSaved || run.status !== "done"))
    await manifest?.note(key, { status: wellSaved ? "done" : "failed", run_id: runId });
  return {
    ...about,
    run_id: runId,
    status,
    files,
    file: files[0],
    figures,
    preview: undrawn === undefined ? preview : undefined,
    run,
    failure: wellSaved ? undrawn && failureOf(undrawn) : failureOf(ending),
  };
}

async function remarkOn({ terminal }: Context, figures: WrittenFigures): Promise<void> {
  const { inWords } = await import("../local/figures.ts");
  terminal.remark(`${inWords(figures)}.`);
}

/** Draws a run's mesh: the server's own, which has its texture, whatever the file's format can hold. */
async function drawMesh({ client }: Found, run: Run, png: string): Promise<Ending | undefined> {
  const bytes = await meshBytes(client, run);
  const { drawBytes } = await import("../local/draw.ts");
  const wrong = bytes.ok
    ? await drawBytes(bytes.value, run.output_url ?? "", png)
    : bytes.failure.message;
  if (wrong === undefined) return undefined;
  return {
    exit: EXIT.file,
    code: "local_file",
    message: `The mesh is there, its preview is not. ${wrong}`,
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
    if (file !== undefined && file !== "-") context.print(file);
    if (failure) return { ...failure, exit: failure.exit as ExitCode, result: { runs: made } };
    if (status === "pending") context.print(run_id ?? "");
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
    context.terminal.remark(summary);
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
