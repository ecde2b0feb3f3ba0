// Where a run is left to itself, the last line is the command that takes it up, as it can be typed.
import { FORMATS } from "@modly-runs/mesh/formats";

import { type Ending, EXIT } from "../exit.ts";
import { quoted, SELF } from "../self.ts";
import type { Found } from "../servers/servers.ts";
import type { Target } from "./save.ts";

/** The command that takes a run up where we leave it. */
export function goOn(found: Found, runId: string, target: Target | undefined): string {
  return [SELF, "wait", runId, ...placeOf(target), ...serverOf(found)].join(" ");
}

function placeOf(target: Target | undefined): string[] {
  if (target === undefined) return [];
  const { file, format, sizeMm } = target;
  const named = file.toLowerCase().endsWith(`.${format}`) || (file === "-" && format === "glb");
  return [
    "-o",
    quoted(file),
    ...(named ? [] : ["--format", format]),
    ...(sizeMm === undefined || !FORMATS[format].printed ? [] : ["--size", `${sizeMm}mm`]),
  ];
}

const serverOf = ({ apiUrl, own }: Found) => (own ? [] : ["--api-url", apiUrl]);

/** `--timeout` is over. */
export function tooLate(
  found: Found,
  runId: string,
  timeout: number | undefined,
  target: Target | undefined,
): Ending {
  const end = (message: string): Ending => ({
    exit: EXIT.timeout,
    message: `The run has not ended within ${timeout} s. ${message}`,
    code: "timeout",
    result: { run: { run_id: runId } },
  });
  if (found.own?.keepsRuns === false)
    return end("It ends with our own server, which has no data that stay.");
  const cancel = [SELF, "cancel", runId, ...serverOf(found)].join(" ");
  const fate = found.own ? "Our own server stops now and keeps it" : "It goes on";
  return end(
    `${fate}. End it with \`${cancel}\`, or take it up with \`${goOn(found, runId, target)}\`.`,
  );
}

/** Our own server has ended, and not by us. */
export function lost(
  found: Found,
  { gone, keepsRuns }: NonNullable<Found["own"]>,
  runId: string,
  target: Target | undefined,
): Ending {
  const again = keepsRuns
    ? ` Take the run up with \`${goOn(found, runId, target)}\`.`
    : " The run is lost with its data.";
  return { exit: EXIT.noServer, message: `${String(gone.reason)}${again}`, code: "server_ended" };
}
