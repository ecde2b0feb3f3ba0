import type { Evidence, ShownExchange } from "./evidence.ts";
import type { ReportedCheck } from "./result.ts";

const headersOf = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

/** One exchange as it went over the wire, each line with its direction. */
export function exchangeLines(exchange: ShownExchange): readonly string[] {
  const { request, response, no_answer, at_ms, took_ms, scenario } = exchange;
  const out = [
    `${request.method} ${request.path}`,
    ...headersOf(request.headers),
    ...(request.body === undefined ? [] : ["", ...request.body.split("\n")]),
  ];
  const back = response
    ? [String(response.status), ...headersOf(response.headers), "", ...response.body.split("\n")]
    : [no_answer ?? "no answer"];
  return [
    `${at_ms} ms, took ${took_ms} ms ("${scenario}")`,
    ...out.map((line) => `> ${line}`.trimEnd()),
    ...back.map((line) => `< ${line}`.trimEnd()),
  ];
}

/** The lives of the runs: when, which, what. */
export function timelineLines({ timeline }: Evidence): readonly string[] {
  const ids = [...new Set(timeline.map(({ run_id }) => run_id))];
  const name = (id: string) => (ids.length === 1 ? "" : `run ${ids.indexOf(id) + 1}  `);
  const legend =
    ids.length <= 1 ? [] : [ids.map((id, index) => `run ${index + 1} is ${id}`).join(", ")];
  return [
    ...legend,
    ...timeline.map(
      ({ at_ms, run_id, what }) => `${String(at_ms).padStart(7)} ms  ${name(run_id)}${what}`,
    ),
  ];
}

/** How to see a finding again: a run that is over can't be read into breaking its rule once more. */
export function againOf({ id, again, shown }: ReportedCheck): string | undefined {
  return shown === undefined || shown.timeline.length === 0
    ? again
    : `the same command with --only ${id}, which makes its runs anew (--artifacts FOLDER writes a script of it)`;
}

/** Everything that was seen of a finding, as plain text. */
export function evidenceText(check: ReportedCheck): string {
  const { id, level, title, rule, expected = "", observed = "", why, shown, also } = check;
  const lines = [
    `${id} (${level}): ${title}`,
    `rule      ${rule}`,
    `expected  ${expected}`,
    `observed  ${observed}`,
    ...(also ?? []).map((line) => `also      ${line}`),
    `why       ${why}`,
  ];
  if (shown && shown.timeline.length > 0) lines.push("", "Timeline", ...timelineLines(shown));
  for (const exchange of shown?.exchanges ?? []) lines.push("", ...exchangeLines(exchange));
  return `${lines.join("\n")}\n`;
}
