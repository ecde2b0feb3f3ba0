import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, test } from "vitest";

import { startServer } from "./server.ts";
import { disc, workshop } from "./support.ts";

/** A way to a server that breaks some of the requests that go over it. */
async function brittle(to: string, breaks: (url: string) => boolean) {
  const proxy = createServer((asked, answer) => {
    if (breaks(asked.url ?? "")) return void asked.socket.destroy();
    const { method, headers, url } = asked;
    const passed = request(new URL(url ?? "/", to), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    passed.once("error", () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async stop() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

test("a server that goes away while its mesh is fetched is waited for: the step is done at its first try", async () => {
  const server = await startServer();
  let left = 2;
  const way = await brittle(server.url, (url) => url.startsWith("/workspace/") && left-- > 0);
  const shop = await workshop({ main: way.url });
  try {
    const { status, rows } = await shop.run(
      `version: 1
name: Away
inputs: { picture: { type: image } }
steps:
  - { id: mesh, uses: generate, with: { model: test/fingerprint }, inputs: { image: input.picture } }
`,
      { picture: [await shop.keep(await disc(), "disc")] },
      { world: { ...shop.deps.world, patience: 60_000 } },
    );
    expect(rows["mesh"]!.error).toBeNull();
    expect(status).toBe("done");
    expect(rows["mesh"]!.state.attempt).toBe(1);
    expect(left).toBeLessThan(0);
  } finally {
    await shop.remove();
    await way.stop();
    await server.stop();
  }
});
