import { PARTS } from "./modules.ts";
import { percent, type Score } from "./score.ts";

/** The page with the section of one part written anew; all else stays. */
export function pageWith(page: string, part: string, scores: readonly Score[]): string {
  const [head = "", ...sections] = page.trimEnd().split(/\n(?=## )/);
  const section = `## ${part}\n\n${[table(part, scores), ...scores.flatMap(survivorsOf)].join("\n\n")}\n`;
  const partOf = (one: string) => one.split("\n", 1)[0]!.slice("## ".length);
  const names = Object.keys(PARTS);
  const kept = [...sections.filter((one) => partOf(one) !== part), section].toSorted(
    (one, other) => names.indexOf(partOf(one)) - names.indexOf(partOf(other)),
  );
  return `${[head, ...kept].map((one) => one.trimEnd()).join("\n\n")}\n`;
}

function table(part: string, scores: readonly Score[]): string {
  const rows = scores.map(
    (score) =>
      `| ${linkTo(score.module)} | ${score.all} | ${score.found} | ${percent(score).toFixed(1)} % | ${PARTS[part]?.modules[score.module]} % |`,
  );
  return [
    "| module | changes | noticed | share | bar |",
    "| --- | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

function survivorsOf({ module, survivors }: Score): string[] {
  if (survivors.length === 0) return [];
  const rows = survivors.map(
    ({ line, change, reason }) => `- line ${line}: ${code(change)}: ${reason ?? "not noticed"}`,
  );
  return [`Not noticed in ${linkTo(module)}:`, rows.join("\n")];
}

const linkTo = (module: string) => `[${module.split("/").slice(-2).join("/")}](../${module})`;
const code = (text: string) => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);
