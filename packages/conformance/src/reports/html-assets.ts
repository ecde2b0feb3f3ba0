/** The page's style: two columns of facts on a desk, one on a phone, light or dark as the reader has it. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --ink: #16181d; --soft: #535a66; --line: #dfe3e8;
  --good: #1a7f4b; --bad: #c2263a; --warn: #945a00; --cool: #2b63c0; --code: #f0f2f5; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #101216; --card: #181b21; --ink: #e9ebef; --soft: #a3abb8; --line: #2b3038;
    --good: #4cc38a; --bad: #ff7a85; --warn: #f0b34e; --cool: #7fb0ff; --code: #0c0e12; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
.verdict { background: var(--card); border: 1px solid var(--line); border-left: .5rem solid var(--soft); border-radius: .6rem; padding: 1rem 1.25rem; }
.v0 { border-left-color: var(--good); } .v1 { border-left-color: var(--bad); } .v2 { border-left-color: var(--warn); }
.verdict h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .4rem; font-weight: 500; overflow-wrap: anywhere; }
.v0 strong { color: var(--good); } .v1 strong { color: var(--bad); } .v2 strong { color: var(--warn); }
.verdict p { margin: .2rem 0; color: var(--soft); }
.eyebrow { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; }
.bar { display: flex; gap: 2px; height: .6rem; margin: .8rem 0 .2rem; border-radius: .3rem; overflow: hidden; }
.bar i { background: currentColor; min-width: 3px; } .bar .is-pass { opacity: .55; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .7rem 1.5rem; margin: 0; }
.facts dt { font-size: .8rem; color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; font-size: .95rem; }
.filter { position: sticky; top: 0; z-index: 1; background: var(--bg); padding: .6rem 0; border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: center; }
.filter fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem; }
.filter legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.filter input[type=search] { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .35rem .6rem; width: 15rem; max-width: 60vw; }
.chip { display: inline-flex; gap: .35rem; align-items: center; border: 1px solid var(--line); border-radius: 2rem; padding: .15rem .7rem; background: var(--card); cursor: pointer; font-size: .9rem; }
.chip .what { color: var(--soft); }
.count { margin: 0; color: var(--soft); font-size: .9rem; }
.checks { list-style: none; margin: .8rem 0; padding: 0; }
.check { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; }
.check[hidden] { display: none; }
summary { cursor: pointer; padding: .55rem .8rem; display: flex; gap: .15rem .6rem; align-items: baseline; flex-wrap: wrap; }
summary .glimpse { flex: 1 0 100%; color: var(--soft); font-size: .87rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
details[open] .glimpse { display: none; }
summary .title { flex: 1 1 12rem; } summary .level { color: var(--soft); font-size: .8rem; }
.badge { font-size: .8rem; font-weight: 600; min-width: 4.2rem; }
.is-pass { color: var(--good); } .is-fail, .is-harness-error { color: var(--bad); } .is-warn, .is-blocked { color: var(--warn); } .is-note, .is-na { color: var(--cool); }
.chip { color: var(--ink); }
details > :not(summary) { margin-left: .8rem; margin-right: .8rem; }
.said { display: grid; grid-template-columns: 6rem 1fr; gap: .25rem .8rem; }
.said dt { color: var(--soft); } .said dd { margin: 0; overflow-wrap: anywhere; }
h3 { font-size: .9rem; margin-bottom: .3rem; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .4rem; padding: .7rem; overflow-x: auto; max-height: 28rem; font: 13px/1.45 ui-monospace, monospace; margin-top: 0; }
:focus-visible { outline: 3px solid var(--cool); outline-offset: 2px; }
@media (max-width: 40rem) { .said { grid-template-columns: 1fr; } .said dd { margin-bottom: .4rem; } .chip .what { display: none; } .filter { position: static; } .badge { min-width: 0; } summary .title { flex-basis: 100%; order: 1; } summary .level { margin-left: auto; } summary .glimpse { order: 2; } }
@media print { .filter { display: none; } }
`;

/** Filters the checks by status and by text; a check named in the address is opened. */
export const PAGE_SCRIPT = `
const form = document.querySelector(".filter");
const rows = [...document.querySelectorAll(".check")];
const texts = rows.map((row) => row.textContent.toLowerCase());
const apply = () => {
  const data = new FormData(form);
  const wanted = new Set(data.getAll("status"));
  const words = String(data.get("text")).toLowerCase().split(/\\s+/).filter(Boolean);
  let left = 0;
  rows.forEach((row, index) => {
    row.hidden = !wanted.has(row.dataset.status) || !words.every((word) => texts[index].includes(word));
    if (!row.hidden) left += 1;
  });
  document.querySelector(".count").textContent = left + " of " + rows.length + " checks";
};
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
const open = () => {
  const row = location.hash && document.getElementById(location.hash.slice(1));
  if (row) { row.querySelector("details").open = true; row.scrollIntoView(); }
};
addEventListener("hashchange", open);
apply();
open();
`;
