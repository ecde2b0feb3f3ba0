import { Option } from "commander";

import { EXIT } from "../exit.ts";
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
    const { serveAgents } = await import("../mcp/server.ts");
    await serveAgents(context.servers, allow, (stop) => context.onInterrupt(stop));
    return { exit: EXIT.ok };
  },
};
