import type { Option } from "commander";

import { COMMANDS, SERVE } from "./commands/table.ts";
import { commonOptions } from "./program.ts";

/** The reference of all commands as Markdown, from the same source as `--help`. */
export async function reference(): Promise<string> {
  const parts = [
    "# Every command and option\n\nMade from the program's own help by `pnpm generate`. How to use them: [The command line](cli.md).\n",
  ];
  for (const { name, summary, load } of COMMANDS) {
    const { examples, arguments: takes, options } = await load();
    const usage = [
      "modly-runs",
      name,
      ...(options.length > 0 ? ["[options]"] : []),
      ...takes.map(([word]) => word),
    ];
    parts.push(`## ${name}\n\n${summary}.\n`);
    const width = Math.max(...examples.map(([line]) => line.length));
    const lines = examples.map(([line, meaning]) =>
      meaning ? `${line.padEnd(width)}   # ${meaning}` : line,
    );
    parts.push(`\`\`\`sh\n${lines.join("\n")}\n\`\`\`\n`);
    parts.push(`\`${usage.join(" ")}\`\n`);
    const rows = [
      ...takes.map(([word, meaning]) => `- \`${word}\`: ${meaning}`),
      ...options.map(row),
    ];
    if (rows.length > 0) parts.push(`${rows.join("\n")}\n`);
  }
  parts.push(`## ${SERVE.name}\n\n${SERVE.summary}: [Running a server](running-a-server.md).\n`);
  parts.push(`## With every command\n\n${commonOptions().map(row).join("\n")}\n`);
  return parts.join("\n");
}

function row({ flags, description, envVar, argChoices, defaultValue }: Option): string {
  const more = [
    argChoices && argChoices.join(", "),
    defaultValue !== undefined && `default: ${String(defaultValue)}`,
    envVar && `variable: \`${envVar}\``,
  ].filter(Boolean);
  return `- \`${flags}\`: ${description}${more.length > 0 ? ` (${more.join("; ")})` : ""}`;
}
