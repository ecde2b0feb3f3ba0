import { againOf, exchangeLines, timelineLines } from "./evidence-text.ts";
import { PAGE_SCRIPT, PAGE_STYLE } from "./html-assets.ts";
import { type ReportedCheck, type Result, tally } from "./result.ts";

/** Text as HTML. */
const esc = (text: string) =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const WORDS = {
  fail: "a MUST is broken",
  warn: "a SHOULD is broken",
  note: "a MAY is left out",
  blocked: "could not be tried",
  "harness-error": "a fault of the suite",
  "n/a": "does not apply",
  pass: "was kept",
} as const;
type Shown = keyof typeof WORDS;
const ORDER = Object.keys(WORDS) as Shown[];

/** One page with everything in it: no file, font or script from elsewhere. */
export function htmlReport(result: Result): string {
  const { base_url, verdict, exit_code, headline } = result;
  const sorted = result.checks.toSorted(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status),
  );
  const facts: [string, string][] = [
    ["Set", result.set],
    ["Profile", result.profile],
    ["Seed", String(result.seed)],
    ["Took", `${(result.milliseconds / 1_000).toFixed(1)} s`],
    ...Object.entries(result.situations),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${esc(base_url)} ${verdict}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header class="verdict v${exit_code}">
<p class="eyebrow">Conformance of workflow runs</p>
<h1>${esc(base_url)} <strong>${verdict}</strong></h1>
<p>${esc(result.unreachable ?? `${headline}; ${tally(result)}.`)}</p>
${bar(result)}
${result.allow_blocked ? "<p>Blocked checks were allowed (--allow-blocked).</p>" : ""}
${result.stale.length > 0 ? `<p>Stale in the baseline: ${esc(result.stale.join(", "))}.</p>` : ""}
</header>
<form class="filter" role="search">
<label class="find">Find <input type="search" name="text" placeholder="CAN-15, progress, mesh" autocomplete="off"></label>
<fieldset><legend>Show</legend>
${ORDER.filter((status) => result.counts[status] > 0)
  .map(
    (status) =>
      `<label class="chip ${tone(status)}"><input type="checkbox" name="status" value="${status}" checked> ${result.counts[status]} ${status}<span class="what">: ${WORDS[status]}</span></label>`,
  )
  .join("\n")}
</fieldset>
<p class="count" aria-live="polite"></p>
</form>
<ol class="checks">
${sorted.map((check) => row(check, result.counts.fail <= FEW)).join("\n")}
</ol>
<h2>How it was checked</h2>
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${esc(name)}</dt><dd>${esc(value)}</dd></div>`).join("")}</dl>
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

/** A status as the name of a class. */
const tone = (status: Shown) => `is-${status.replace("/", "")}`;

/** So many failures may stand open; of more, a list is easier to see over. */
const FEW = 3;

/** How the checks are shared out, as a bar. */
function bar({ counts }: Result): string {
  const parts = ORDER.toReversed().filter((status) => counts[status] > 0);
  const words = parts.map((status) => `${counts[status]} ${status}`).join(", ");
  const stretches = parts.map(
    (status) => `<i class="${tone(status)}" style="flex-grow:${counts[status]}"></i>`,
  );
  return `<div class="bar" role="img" aria-label="${words}">${stretches.join("")}</div>`;
}

/** What was seen, in a line: enough to know which row to open. */
function glimpse({ status, expected, observed, reason }: ReportedCheck): string {
  if (status === "pass" || status === "n/a") return "";
  const lines =
    observed === undefined ? [reason] : [`seen: ${observed}`, expected && `expected: ${expected}`];
  return lines
    .map((line) => (line ? `<span class="glimpse">${esc(line.slice(0, 300))}</span>` : ""))
    .join("");
}

function row(check: ReportedCheck, few: boolean): string {
  const { id, level, status, title } = check;
  const bad = status === "fail" || status === "harness-error";
  const open = bad && few ? " open" : "";
  return `<li class="check" id="${id}" data-status="${status}">
<details${open}><summary><span class="badge ${tone(status)}">${status}</span> <code>${id}</code> <span class="title">${esc(title)}</span> <span class="level">${level}</span>${glimpse(check)}</summary>
${body(check)}
</details></li>`;
}

function body(check: ReportedCheck): string {
  const { rule, why, expected, observed, reason, known, shown, evidence, also } = check;
  const again = againOf(check);
  const rows: [string, string | undefined][] = [
    ["Rule", rule],
    ["Expected", expected],
    ["Observed", observed],
    ...(also ?? []).map((line): [string, string] => ["Also", line]),
    ["Reason", reason],
    ["Why", why],
    ["Known", known],
    ["Looked at", `${evidence} ${evidence === 1 ? "thing" : "things"}`],
  ];
  const list = rows.flatMap(([name, text]) =>
    text === undefined ? [] : [`<dt>${name}</dt><dd>${esc(text)}</dd>`],
  );
  const block = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `<h3>${title}</h3><pre tabindex="0">${esc(lines.join("\n"))}</pre>`;
  return [
    `<dl class="said">${list.join("")}</dl>`,
    shown ? block("Timeline", timelineLines(shown)) : "",
    ...(shown?.exchanges ?? []).map((one) => block(`Exchange ${one.number}`, exchangeLines(one))),
    again === undefined ? "" : block("Again", [again]),
  ].join("\n");
}
