import type { Command } from "./command.ts";

/** A command as the program knows it before it is needed. */
export interface Row {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command there is but `serve`, which hands its flags on as they are. A file is loaded when it is called. */
export const COMMANDS: readonly Row[] = [
  {
    name: "run",
    summary: "Turn pictures into meshes",
    load: async () => (await import("./run.ts")).run,
  },
  {
    name: "watch",
    summary: "Turn each new picture of a folder into a mesh beside it",
    load: async () => (await import("./watch.ts")).watch,
  },
  {
    name: "status",
    summary: "Tell how a run stands",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "wait",
    summary: "Follow a run to its end",
    load: async () => (await import("./wait.ts")).wait,
  },
  {
    name: "cancel",
    summary: "Stop a run",
    load: async () => (await import("./cancel.ts")).cancel,
  },
  {
    name: "download",
    summary: "Fetch the mesh of a run that is done",
    load: async () => (await import("./download.ts")).download,
  },
  {
    name: "list",
    summary: "List the runs that were started from this machine",
    load: async () => (await import("./list.ts")).list,
  },
  {
    name: "flow",
    summary: "Run a chain of steps that a file describes, over pictures",
    load: async () => (await import("./flow.ts")).flow,
  },
  {
    name: "models",
    summary: "List the models, or describe one and its parameters",
    load: async () => (await import("./models.ts")).models,
  },
  {
    name: "preview",
    summary: "Draw a picture of a mesh",
    load: async () => (await import("./preview.ts")).preview,
  },
  {
    name: "doctor",
    summary: "Say what is wrong, and what to type",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "extensions",
    summary: "List, check or install Modly's extensions for a server here",
    load: async () => (await import("./extensions.ts")).extensions,
  },
  {
    name: "completion",
    summary: "Print what completes commands in your shell",
    load: async () => (await import("./completion.ts")).completion,
  },
  {
    name: "mcp",
    summary: "Be an MCP server over stdio, for agents",
    load: async () => (await import("./mcp.ts")).mcp,
  },
];

/** `serve` as the help shows it. */
export const SERVE = {
  name: "serve",
  summary: "Start the server in the foreground; the flags are its own",
} as const;
