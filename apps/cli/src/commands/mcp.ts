import path from "node:path";

import { Option } from "commander";

import { EXIT } from "../exit.ts";
import type { Terminal } from "../terminal.ts";
import type { Command } from "./command.ts";

export const mcp: Command<[], { allow?: string[] }> = {
  examples: [
    ["modly-runs mcp --allow ~/pictures", "for an agent's configuration, see docs/mcp.md"],
  ],
  arguments: [],
  options: [
    new Option(
      "--allow <folder>",
      "files may be read and written in it; may be repeated (default: where it is started)",
    ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
  ],
  async act(context, _given, { allow = [process.cwd()] }) {
    if (process.stdin.isTTY) explain(context.terminal, allow);
    const { serveAgents } = await import("../mcp/server.ts");
    await serveAgents(context.servers, allow, (stop) => context.onInterrupt(stop));
    return { exit: EXIT.ok };
  },
};

/** A person typed it, not an agent's program: what there is to put into that one's configuration. */
function explain({ say }: Terminal, allow: readonly string[]): void {
  const folders = allow.flatMap((folder) => ["--allow", path.resolve(folder)]);
  const server = {
    command: "node",
    args: [path.resolve(process.argv[1] ?? ""), "mcp", ...folders],
  };
  say("This waits for an agent on stdin. In the agent's configuration it is:");
  say(JSON.stringify({ mcpServers: { "modly-runs": server } }, undefined, 2));
  say("Ctrl-C ends it.");
}
