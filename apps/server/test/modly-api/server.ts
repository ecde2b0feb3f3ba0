import { type ListeningServer, startServerProcess } from "../support/server-process.ts";

/** Starts our server from source as a process; after a kill, `start` gives it the same port and data again. */
export async function startServer(
  settings: Readonly<Record<string, string>> & { readonly "data-dir": string },
) {
  const { "data-dir": dataDir, ...others } = settings;
  const flags = Object.entries(others).map(([name, value]) => `--${name}=${value}`);
  let server: ListeningServer | null = null;
  let url = "";

  async function start(): Promise<void> {
    const port = url === "" ? "0" : new URL(url).port;
    server = await startServerProcess({ dataDir, args: [`--port=${port}`, ...flags] });
    url = server.url;
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await server?.kill(signal);
    server = null;
  }

  await start();
  return {
    url,
    start,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}

export type Server = Awaited<ReturnType<typeof startServer>>;
