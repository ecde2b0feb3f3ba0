import { access, constants, mkdir, statfs } from "node:fs/promises";
import path from "node:path";

import { type Ending, EXIT } from "../exit.ts";
import { journalFile } from "../local/journal.ts";
import { listedModels } from "../runs/models.ts";
import { SELF } from "../self.ts";
import { installedServer, NOT_INSTALLED } from "../servers/installed.ts";
import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";
import type { Context } from "../context.ts";

/** What was looked at; `advice` is there when it is wrong. */
interface Finding {
  what: string;
  found: string;
  advice?: string;
}

export const doctor: Command<[], object> = {
  examples: [["modly-runs doctor", "what is wrong, and what to type"]],
  arguments: [],
  options: [],
  async act(context) {
    const findings = [
      node(),
      installed(),
      await disk(),
      await journal(),
      ...(await server(context)),
    ];
    for (const { what, found, advice } of findings)
      context.print(
        `${advice === undefined ? "ok  " : "WRONG"} ${what}: ${found}${advice === undefined ? "" : `\n      ${advice}`}`,
      );
    const wrong = findings.filter(({ advice }) => advice !== undefined);
    const result = { version: VERSION, findings };
    if (wrong.length === 0) return { exit: EXIT.ok, result };
    const ending: Ending = {
      exit: EXIT.noServer,
      code: "unhealthy",
      message: `${wrong.length} wrong.`,
      result,
    };
    return ending;
  },
};

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    what: "Node",
    found: process.version,
    ...(fits ? {} : { advice: "Install Node 20.19 or newer." }),
  };
}

function installed(): Finding {
  const main = installedServer();
  return main === undefined
    ? { what: "Server's package", found: "missing", advice: NOT_INSTALLED }
    : { what: "Server's package", found: main };
}

const ROOM = 1024 ** 3;

async function disk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(".");
  const free = bavail * bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return free < ROOM
    ? { what: "Disk", found, advice: "Make room: less than 1 GiB is left." }
    : { what: "Disk", found };
}

async function journal(): Promise<Finding> {
  const folder = path.dirname(journalFile());
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { what: "Journal", found: journalFile() };
  } catch {
    return {
      what: "Journal",
      found: journalFile(),
      advice: `${folder} can't be written, so \`${SELF} list\` forgets. Set XDG_STATE_HOME to a folder of yours.`,
    };
  }
}

async function server({ servers }: Context): Promise<Finding[]> {
  const what = `Server at ${servers.url}`;
  const found = servers.existing();
  let health: { version?: unknown };
  try {
    const answer = await fetch(`${servers.url}/health`, { signal: AbortSignal.timeout(5000) });
    health = (await answer.json()) as { version?: unknown };
  } catch {
    return servers.isNamed
      ? [
          {
            what,
            found: "no answer",
            advice: `Start it, or leave out --api-url and MODLY_API_URL: \`${SELF} run\` then brings its own.`,
          },
        ]
      : [{ what, found: `none, so \`${SELF} run\` will start one of its own` }];
  }
  const listed = await listedModels(found);
  const models: Finding = listed.ok
    ? {
        what: "Models",
        found: listed.value ? `${listed.value.length}` : "not listed by this server",
      }
    : {
        what: "Token",
        found: listed.failure.message,
        advice: "Set MODLY_RUNS_TOKEN to the server's token.",
      };
  return [
    { what, found: `version ${typeof health.version === "string" ? health.version : "unknown"}` },
    models,
  ];
}
