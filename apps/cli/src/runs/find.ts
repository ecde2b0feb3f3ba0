import type { Run } from "@modly-runs/contract";
import { fail, type Outcome, succeed } from "@modly-runs/contract/client";

import { note, remembered } from "../local/journal.ts";
import { DEFAULT_URL, type Found, type Servers } from "../servers/servers.ts";

/** A run and the server that has it. */
export interface FoundRun {
  found: Found;
  runId: string;
  /** Writes down what is seen of it, where it was started from this machine. */
  seen(run: Run, file?: string): Promise<void>;
}

/** Shorter beginnings of an id are taken as they are. */
const SHORTEST = 4;

/**
 * The run that a person means: its id, or the beginning of one that was started from this machine. Where nobody names
 * a server it is the one that the run was started on.
 */
export async function findRun(servers: Servers, typed: string): Promise<Outcome<FoundRun>> {
  const started = (await remembered()).filter(
    ({ run_id }) => run_id?.startsWith(typed) && (typed.length >= SHORTEST || run_id === typed),
  );
  const exact = started.find(({ run_id }) => run_id === typed);
  if (started.length > 1 && !exact)
    return fail("not_found", `${started.length} runs begin with ${typed}. Give more of the id.`);
  const entry = exact ?? started[0];
  const runId = entry?.run_id ?? typed;
  const apiUrl = entry?.api_url ?? null;
  const seen: FoundRun["seen"] = async ({ status }, file) => {
    if (entry && (entry.status !== status || file !== undefined))
      await note({ ...entry, status, ...(file === undefined ? {} : { file }) });
  };
  // On the usual address, or on a server of ours that is gone: the next server there has the same data.
  if (servers.isNamed || apiUrl === null || apiUrl === DEFAULT_URL) {
    const any = await servers.any();
    return any.ok ? succeed({ found: any.value, runId, seen }) : any;
  }
  return succeed({ found: servers.at(apiUrl), runId, seen });
}
