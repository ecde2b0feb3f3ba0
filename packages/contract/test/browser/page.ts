// What a page does: runs in Chromium, see browser.test.ts.
import { createClient } from "@modly-runs/contract/client";

const page = globalThis as unknown as { location: { hash: string }; outcome?: unknown };
const client = createClient({ baseUrl: page.location.hash.slice(1) });
const seen: number[] = [];
const image = await (await fetch("/duck.png")).blob();
const outcome = await client.run({
  image,
  modelId: "builtin/auto",
  onProgress: ({ progress }) => seen.push(progress),
});
const named = await client.create({ image: "duck.png", modelId: "builtin/auto" });
page.outcome = outcome.ok
  ? {
      ok: true,
      status: outcome.value.run.status,
      magic: String.fromCharCode(...outcome.value.mesh!.subarray(0, 4)),
      path: named.ok ? "" : named.failure.message,
      seen,
    }
  : { ok: false, failure: outcome.failure };
