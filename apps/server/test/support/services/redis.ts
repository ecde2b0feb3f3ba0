import { endProgram, onFreePort, type Service, startProgram } from "./service.ts";
import { findRedis } from "./programs.ts";

/** Starts a private Redis that keeps everything in memory: a restart loses it all. */
export async function startRedis(): Promise<Service> {
  const file = findRedis();
  if (file === undefined) throw new Error("Redis is not installed: apt-get install redis-server");
  const start = (port: number) =>
    startProgram({
      file,
      args: [
        ...["--bind", "127.0.0.1", "--port", String(port)],
        ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
      ],
      options: { cwd: "/" },
      ready: /Ready to accept connections/,
    });
  const [port, first] = await onFreePort(async (port) => [port, await start(port)] as const);
  let child = first;
  return {
    url: `redis://127.0.0.1:${port}/0`,
    async restart() {
      await endProgram(child, "SIGKILL");
      child = await start(port);
    },
    stop: () => endProgram(child, "SIGTERM"),
  };
}
