import { fail, type Outcome, succeed } from "@modly-runs/contract/client";

import { remembered } from "../local/journal.ts";
import { DEFAULT_URL, type Found, type Servers } from "../servers/servers.ts";

/** A run and the server that has it. */
export interface FoundRun {
  found: Found;
  runId: string;
}

/** Shorter beginnings of an id are taken as they are. */
const SHORTEST = 4;

/**
 * The run that a person means: its id, or the beginning of one that was started from this machine. Where nobody names
 * a server it is the one that the run was started on.
 */
export async function findRun(servers: Servers, typed: string): Promise<Outcome<FoundRun>> {
  const started = (await remembered()).flatMap(({ run_id, api_url }) =>
    run_id?.startsWith(typed) && (typed.length >= SHORTEST || run_id === typed)
      ? [{ runId: run_id, apiUrl: api_url }]
      : [],
  );
  const ids = new Set(started.map(({ runId }) => runId));
  const exact = started.find(({ runId }) => runId === typed);
  if (ids.size > 1 && !exact)
    return fail("not_found", `${ids.size} runs begin with ${typed}. Give more of the id.`);
  const { runId, apiUrl } = exact ?? started[0] ?? { runId: typed, apiUrl: null };
  // On the usual address, or on a server of ours that is gone: the next server there has the same data.
  if (servers.isNamed || apiUrl === null || apiUrl === DEFAULT_URL) {
    const any = await servers.any();
    return any.ok ? succeed({ found: any.value, runId }) : any;
  }
  return succeed({ found: servers.at(apiUrl), runId });
}
