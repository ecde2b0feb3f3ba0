/**
 * Records the README's command in a real terminal (tmux) and writes it as a moving picture, docs/images/terminal.svg.
 *
 *     pnpm build && pnpm recording
 */
import { execFileSync } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [COLUMNS, ROWS] = [92, 9];
const [CELL, LINE, EDGE] = [8.4, 19, 16];
/** Milliseconds between two looks, and how long the last one stays. */
const LOOK = 150;
const REST = 4000;

const root = path.resolve(import.meta.dirname, "..");
const folder = await mkdtemp(path.join(tmpdir(), "modly-runs-recording-"));
const tmux = (...args: string[]) =>
  execFileSync("tmux", ["-L", `recording-${process.pid}`, ...args], { encoding: "utf8" });
const type = (line: string) => tmux("send-keys", line, "Enter");
const look = () => tmux("capture-pane", "-p").trimEnd();

const frames: { text: string; at: number }[] = [];
try {
  await copyFile(path.join(root, "examples/duck.png"), path.join(folder, "duck.png"));
  tmux("new-session", "-d", "-x", String(COLUMNS), "-y", String(ROWS), "-c", folder, "bash --norc");
  type(
    `PS1='$ '; modly-runs() { node ${root}/apps/cli/dist/main.js "$@"; }; export MODLY_RUNS_PORT=9 XDG_DATA_HOME=$PWD/data XDG_STATE_HOME=$PWD/state; clear`,
  );
  await until((text) => text === "$");
  type("modly-runs run duck.png -o duck.stl --size 80mm");
  const begun = performance.now();
  await until((text) => {
    if (text !== frames.at(-1)?.text) frames.push({ text, at: performance.now() - begun });
    return text.endsWith("\n$");
  });
} finally {
  tmux("kill-server");
  await rm(folder, { recursive: true, force: true });
}

async function until(seen: (text: string) => boolean): Promise<void> {
  for (let looks = 0; looks < 400; looks++) {
    if (seen(look())) return;
    await pause(LOOK);
  }
  throw new Error(`The terminal did not get there:\n${look()}`);
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const whole = frames.at(-1)!.at + REST;
const percent = (at: number) => `${((100 * at) / whole).toFixed(2)}%`;
const groups = frames.map(({ text, at }, k) => {
  const end = frames[k + 1]?.at ?? whole;
  const rule = `@keyframes f${k}{0%,100%{opacity:0}${percent(at)}{opacity:1}${percent(end - 0.01)}{opacity:1}${percent(end)}{opacity:0}}#f${k}{animation:f${k} ${(whole / 1000).toFixed(1)}s step-end infinite}`;
  const lines = text
    .split("\n")
    .map(
      (line, row) =>
        `<text x="${EDGE}" y="${EDGE + LINE * (row + 0.8)}" xml:space="preserve">${escaped(line)}</text>`,
    );
  return { rule, group: `<g id="f${k}">${lines.join("")}</g>` };
});
// Who does not want movement sees the end.
const still = `@media (prefers-reduced-motion:reduce){g{animation:none!important;opacity:0}#f${frames.length - 1}{opacity:1}}`;
const [width, height] = [COLUMNS * CELL + 2 * EDGE, ROWS * LINE + 2 * EDGE];
await writeFile(
  path.join(root, "docs/images/terminal.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14"><title>modly-runs run duck.png -o duck.stl --size 80mm</title><style>text{fill:#e6e6ef}${groups.map(({ rule }) => rule).join("")}${still}</style><rect width="100%" height="100%" rx="8" fill="#1b1b26"/>${groups.map(({ group }) => group).join("")}</svg>\n`,
);
console.log(`docs/images/terminal.svg: ${frames.length} frames, ${(whole / 1000).toFixed(1)} s`);
