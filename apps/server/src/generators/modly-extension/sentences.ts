import type { ExtensionModel } from "./discover.ts";
import type { PythonFault } from "./messages.ts";

const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim();

/** The exception in words; a RuntimeError's name says nothing. */
function words({ kind, message }: PythonFault): string {
  const text = oneLine(message);
  if (text === "") return kind;
  return ["RuntimeError", "Exception", ""].includes(kind) ? text : `${kind}: ${text}`;
}

const ended = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Not even imported. */
export function cantStart(model: ExtensionModel, fault: PythonFault): string {
  const why = ended(words(fault));
  if (/services\./.test(fault.message) && fault.kind.endsWith("Error"))
    return `${model.id} needs a part of Modly that this server does not have; it may be made for a newer one. ${why}`;
  if (fault.kind === "ModuleNotFoundError" || fault.kind === "ImportError")
    return `${model.id} is not set up: ${why} Type "modly-runs extensions check" with its folder to see what is missing.`;
  return `${model.id} could not be started: ${why}`;
}

function outOfMemory({ kind, message }: PythonFault): boolean {
  return /OutOfMemory|MemoryError/.test(kind) || /out of memory/i.test(message);
}

/** It failed while it loaded, or while it made the mesh. */
export function failed(doing: "load" | "generate", model: ExtensionModel, fault: PythonFault) {
  if (outOfMemory(fault))
    return `${model.id} ran out of memory. Choose smaller settings or a smaller model, or free the memory that other programs hold, and create the run again.`;
  const why = ended(words(fault));
  return doing === "load"
    ? `${model.id} could not be loaded: ${why}`
    : `${model.id} failed: ${why}`;
}

/** The weights are not there, and nothing is fetched unasked. */
export function missingWeights({ id, hfRepo, downloadCheck }: ExtensionModel): string {
  const what = hfRepo ? `the weights ${hfRepo} from Hugging Face` : "its weights";
  const check = downloadCheck ? ` so that ${downloadCheck} is there` : "";
  return `The weights of ${id} are not there. Put ${what} into ${id} of the models directory${check}, or start the server with --extension-download to let extensions fetch theirs.`;
}

/** The process ended by itself. */
export function crashed({ id }: ExtensionModel, how: string): string {
  const guess = how === "SIGKILL" ? ", as it does when the machine runs out of memory" : "";
  return `The Python process of ${id} ended unexpectedly (${how}${guess}). It is started anew for the next run; the server's log has what it said.`;
}

export function tooSlow({ id }: ExtensionModel, doing: string, ms: number): string {
  return `${id} did not ${doing} within ${Math.round(ms / 1000)} s and was stopped.`;
}

export function resting({ id }: ExtensionModel, crashes: number, ms: number): string {
  return `${id} crashed ${crashes} times in a row and is not started again for ${Math.ceil(ms / 1000)} s. The server's log has what it said.`;
}
