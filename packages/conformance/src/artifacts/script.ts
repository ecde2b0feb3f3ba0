import { runOf } from "../reports/evidence.ts";
import { runBodyOf } from "../history/observations.ts";
import type { ReportedCheck } from "../reports/index.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { Step } from "./story.ts";

/** A file that lies beside a script. */
export type Attachment = { readonly name: string; readonly bytes: Buffer };

/** A shell script and the files that it sends. */
export type Script = { readonly text: string; readonly files: readonly Attachment[] };

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim();

const HEAD = String.raw`
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds() { date +%s.%N; }
began=$(seconds)
at() { awk -v a="$began" -v b="$(seconds)" 'BEGIN { printf "%8.3f s", b - a }'; }

# call NAME CURL-ARGUMENTS...: sends one request and shows the whole answer.
call() {
  local name=$1; shift
  local say
  say=$(curl -sS --path-as-is --max-time "$longest" -D "$work/$name.head" -o "$work/$name.body" \
    ${"$"}{headers[@]+"${"$"}{headers[@]}"} "$@" 2>&1) || say="no answer: $say"
  { echo; echo "$(at)  $name"; [ -z "$say" ] || echo "$say"
    [ ! -f "$work/$name.head" ] || tr -d '\r' < "$work/$name.head"
    [ ! -f "$work/$name.body" ] || head -c 2000 "$work/$name.body" | LC_ALL=C tr -c '[:print:]\n\t' '?'
    echo; } > "$work/$name.said"
  cat "$work/$name.said"
}
field() { sed -n "s/.*\"$2\"[[:space:]]*:[[:space:]]*\"\([^\"]*\)\".*/\1/p" "$work/$1.body" 2>/dev/null | head -n 1; }
# run N: the id of the run that step N made.  output N: where its mesh is.
run() { local id; id=$(field "create-$1" run_id); echo "${"$"}{id:-no-run}"; }
output() { field "life-$1" output_url; }
# life N STATUS: reads run N until it is STATUS, or has ended; shows each change.
life() {
  local number=$1 wanted=$2 before= now stop
  stop=$(( $(date +%s) + patience ))
  while :; do
    curl -sS --max-time "$longest" -D "$work/life-$number.head" -o "$work/life-$number.body" ${"$"}{headers[@]+"${"$"}{headers[@]}"} \
      "$base/workflow-runs/$(run "$number")" 2>/dev/null || { echo "$(at)  run $number: no answer"; return; }
    now=$(head -c 2000 "$work/life-$number.body")
    [ "$now" = "$before" ] || echo "$(at)  run $number: $now"
    before=$now
    cp "$work/life-$number.head" "$work/life-$number.$(field "life-$number" status).head"
    case $(field "life-$number" status) in "$wanted"|done|error|cancelled|'') return ;; esac
    [ "$(date +%s)" -lt "$stop" ] || { echo "$(at)  run $number: still not $wanted"; return; }
    sleep 0.05
  done
}
# header N STATUS NAME: what a read of run N said in a header while it was STATUS.
header() { tr -d '\r' < "$work/life-$1.$2.head" | grep -i "^$3:" | head -n 1 | sed 's/^[^:]*: *//'; }
# bytes NAME FILE: writes a whole request to a socket as it is, and shows what comes back.
bytes() {
  local name=$1 address=${"$"}{base#*://}; address=${"$"}{address%%/*}
  echo; echo "$(at)  $name"
  exec 3<>"/dev/tcp/${"$"}{address%:*}/${"$"}{address##*:}" && cat "$here/$2" >&3
  timeout 5 cat <&3 > "$work/$name.said" &
  local reader=$!
  while kill -0 "$reader" 2>/dev/null && [ ! -s "$work/$name.said" ]; do sleep 0.05; done
  sleep 0.2; kill "$reader" 2>/dev/null; wait "$reader" 2>/dev/null
  exec 3>&-
  if [ -s "$work/$name.said" ]; then head -c 2000 "$work/$name.said"; echo; else echo "no answer within 5 s"; fi
}
`;

/** Request headers that curl, or the body's file, sets by itself. */
const OF_THE_BODY = /^(?:content-length|transfer-encoding|host)$/i;

type Numbers = {
  /** The number a script gives to a run. */
  readonly runs: ReadonlyMap<string, number>;
  /** Whose mesh lies at a path. */
  readonly outputs: ReadonlyMap<string, number>;
  /** Which read said a header's value: it will be another one next time. */
  readonly said: ReadonlyMap<string, string>;
};

function headerArgument(name: string, value: string, { said }: Numbers): string {
  if (value === "") return `-H ${quote(`${name};`)}`;
  const source = said.get(value);
  if (source !== undefined) return `-H "${name}: $(header ${source})"`;
  // The key of an earlier try would find an earlier run.
  if (/^idempotency-key$/i.test(name)) return `-H ${quote(`${name}: ${value}`)}"-$again"`;
  return `-H ${quote(`${name}: ${value}`)}`;
}

function urlOf({ request, meaning }: Exchange, { runs, outputs }: Numbers): string {
  const number = "runId" in meaning ? runs.get(meaning.runId) : undefined;
  const id = "runId" in meaning ? meaning.runId : "";
  const mesh = outputs.get(request.path);
  if (mesh !== undefined) return `"$base$(output ${mesh})"`;
  if (number === undefined || !request.path.includes(id)) return `"$base"${quote(request.path)}`;
  const [before = "", after = ""] = request.path.split(id);
  return `"$base"${quote(before)}"$(run ${number})"${after === "" ? "" : quote(after)}`;
}

/** The pictures that a request carried, as files that can be looked at. */
export function picturesOf(exchange: Exchange, prefix: string): readonly Attachment[] {
  return (exchange.parts ?? []).flatMap(({ filename, content }, index) => {
    if (filename === undefined || !Buffer.isBuffer(content)) return [];
    const magic = content.toString("latin1", 0, 12);
    const type = magic.startsWith("\u{89}PNG")
      ? "png"
      : magic.startsWith("\u{FF}\u{D8}")
        ? "jpg"
        : magic.startsWith("RIFF")
          ? "webp"
          : "bin";
    return [{ name: `${prefix}-picture${index === 0 ? "" : index + 1}.${type}`, bytes: content }];
  });
}

function sendLine(exchange: Exchange, name: string, numbers: Numbers, files: Attachment[]): string {
  const { request, start, end, failure } = exchange;
  if (exchange.raw) {
    files.push({ name: `${name}.http`, bytes: request.body ?? Buffer.alloc(0) });
    return `bytes ${name} ${name}.http`;
  }
  files.push(...picturesOf(exchange, name));
  const method = request.method === "HEAD" ? "--head" : `-X ${request.method}`;
  const headers = Object.entries(request.headers ?? {})
    .filter(([header]) => !OF_THE_BODY.test(header))
    .map(([header, value]) => headerArgument(header, value, numbers));
  const body: string[] = [];
  if (request.body !== undefined && request.body.length > 0) {
    files.push({ name: `${name}.body`, bytes: request.body });
    body.push(`--data-binary "@$here/${name}.body"`);
    if (request.chunked) headers.push("-H 'Transfer-Encoding: chunked'");
    if (request.headers?.["Content-Type"] === undefined) headers.push("-H 'Content-Type:'");
  }
  const given = failure?.message === "given up by the suite";
  const hurry = given ? [`--max-time ${((end - start) / 1_000).toFixed(3)}`] : [];
  return ["call", name, method, ...hurry, ...headers, ...body, urlOf(exchange, numbers)].join(" ");
}

/** A script of bash and curl that does a story again and shows what comes back. */
export function scriptOf(
  check: ReportedCheck,
  steps: readonly Step[],
  { baseUrl, headers }: { readonly baseUrl: string; readonly headers: readonly string[] },
): Script {
  const files: Attachment[] = [];
  const runs = new Map<string, number>();
  const outputs = new Map<string, number>();
  const said = new Map<string, string>();
  const lines: string[] = [];
  let previous: Exchange | undefined;
  for (const [index, step] of steps.entries()) {
    if (step.act === "wait") {
      const number = runs.get(step.runId);
      const body = runBodyOf(step.last);
      if (number !== undefined && typeof body?.["output_url"] === "string")
        outputs.set(body["output_url"], number);
      const etag = step.last.response?.headers["etag"];
      if (number !== undefined && etag !== undefined && !said.has(etag))
        said.set(etag, `${number} ${step.status} etag`);
      lines.push(number === undefined ? `# run ${step.runId}` : `life ${number} ${step.status}`);
      previous = undefined;
      continue;
    }
    const { exchange, beside } = step;
    const made = exchange.meaning.act === "create" ? runOf(exchange) : undefined;
    if (made !== undefined) runs.set(made, runs.size + 1);
    const name =
      made === undefined ? `${exchange.meaning.act}-${index + 1}` : `create-${runs.get(made)}`;
    const gap = previous === undefined ? 0 : exchange.start - previous.end;
    if (gap > 20) lines.push(`sleep ${Math.min(gap / 1_000, 5).toFixed(3)}`);
    const next = steps[index + 1];
    const parallel = beside || (next?.act === "send" && next.beside);
    lines.push(sendLine(exchange, name, { runs, outputs, said }, files) + (parallel ? " &" : ""));
    if (parallel && !(next?.act === "send" && next.beside)) lines.push("wait");
    previous = exchange;
  }
  const hidden =
    headers.length === 0
      ? "headers=()"
      : `# The configuration sends ${headers.join(", ")}, which is not written down here. Fill it in:\nheaders=()  # headers=(-H '${headers[0]}: ...')`;
  const text = [
    "#!/usr/bin/env bash",
    `# ${check.id} (${check.level}): ${oneLine(check.title)}`,
    `# Rule:     ${oneLine(check.rule)}`,
    `# Expected: ${oneLine(check.expected ?? "")}`,
    `# Observed: ${oneLine(check.observed ?? "")}`,
    `# Why:      ${oneLine(check.why)}`,
    "#",
    "# Does it again with bash and curl:   bash again.sh [base URL]",
    "# A shell is slower than the suite: where two things have to meet, try a few times.",
    `base=\${1:-${quote(baseUrl.replace(/\/+$/, ""))}}; base=\${base%/}`,
    hidden,
    "longest=30   # seconds for one answer",
    "patience=120 # seconds for a run",
    "again=$(date +%s)-$$",
    HEAD,
    ...lines,
    "",
    `printf '\\n%s\\n' ${quote(`Expected: ${oneLine(check.expected ?? "")}`)} ${quote(`In the report: ${oneLine(check.observed ?? "")}`)}`,
    "",
  ].join("\n");
  return { text, files };
}
