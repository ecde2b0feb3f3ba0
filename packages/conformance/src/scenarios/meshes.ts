import { createHash } from "node:crypto";

import type { Known } from "../session/roster.ts";
import type { Exchange } from "../wire/exchange.ts";
import { statusOf, told } from "./answers.ts";
import type { Bench, Seen } from "./bench.ts";
import { glbFaults } from "./glb.ts";
import { strayPath } from "./paths.ts";

/** How much of all meshes together is fetched only to look at it; those of real models are large. */
const MOST_BYTES = 64 * 1024 * 1024;

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

async function download(t: Bench, path: string): Promise<Exchange | undefined> {
  if (t.session.meshBytes > MOST_BYTES) return undefined;
  const output = await t.send({ method: "GET", path }, { meaning: { act: "output" } });
  t.session.meshBytes += output.response?.body.length ?? 0;
  return output;
}

/** Where the mesh lies: in a place of its own, and where the form asked for. */
async function judgePlace(t: Bench, run: Known, url: string, exchange: Exchange): Promise<void> {
  t.expect("OUT-11", !strayPath(url), "a path below /workspace/", url, exchange);
  const twin = t.session.roster.all().find((other) => other !== run && other.mesh?.url === url);
  t.expect(
    "OUT-09",
    twin === undefined,
    "an output_url of its own",
    `${url} is also that of run ${twin?.id}`,
    exchange,
  );
  const { collection, promised, picture } = run;
  if (collection !== undefined)
    t.expect(
      "CRE-45",
      url.startsWith(`/workspace/${collection}/`),
      `an output_url in /workspace/${collection}/`,
      url,
      exchange,
    );
  if (promised?.situation !== "fingerprint" || picture === undefined) return;
  const { named } = await t.situation("fingerprint");
  if (named)
    t.expect("OUT-10", url.includes(picture), "an output named by its own picture", url, exchange);
}

/**
 * Fetches the mesh of a run when it is first seen done, and judges it as any other. `late`: others may
 * have seen it done long before, so that it is missing says nothing of that moment.
 */
export async function firstMesh(t: Bench, { exchange, body }: Seen, late = false): Promise<void> {
  const run = t.session.roster.get(String(body["run_id"]));
  const url = body["output_url"];
  if (!run || run.mesh || typeof url !== "string" || !url.startsWith("/")) return;
  if (exchange.meaning.act !== "read" || exchange.meaning.runId !== run.id) return;
  const output = await download(t, url);
  if (output === undefined) return;
  const { response } = output;
  if (response?.status !== 200) {
    if (late) return;
    // Both may have been retired between the two requests.
    const again = await t.read(run.id);
    if (statusOf(again) === 404) return;
    t.expect("LIF-07", false, "output_url downloads at once", told(output), exchange, output);
    return;
  }
  await judgePlace(t, run, url, exchange);
  run.mesh = { url, sha256: sha256(response.body) };
  const type = response.headers["content-type"] ?? "no type";
  if (url.endsWith(".glb"))
    t.expect("OUT-02", /^model\/gltf-binary\b/i.test(type), "model/gltf-binary", type, output);
  for (const [id, fault] of Object.entries(glbFaults(response.body)))
    if (fault !== "unseen")
      t.expect(id as keyof ReturnType<typeof glbFaults>, false, "a sound GLB", fault, output);
}

/** Fetches the mesh of a run that still says done once more: it has to be there, and the same. */
export async function meshStays(t: Bench, run: Known, url: unknown): Promise<void> {
  if (typeof url !== "string" || !url.startsWith("/")) return;
  // One that was never there is no matter of how long it is kept.
  const missing = t.session.recorder.exchanges.some(
    ({ meaning, request, response }) =>
      meaning.act === "output" && request.path === url && response?.status === 404,
  );
  if (missing && !run.mesh) return;
  const output = await download(t, url);
  if (output === undefined) return;
  const there = statusOf(output) === 200;
  const again = there ? undefined : await t.read(run.id);
  const gone = again !== undefined && statusOf(again) === 404;
  t.expect(
    "OUT-17",
    there || gone,
    `the mesh of a run that says done, ${Math.round((output.start - (run.ended?.at ?? run.born)) / 1_000)} s after its end`,
    told(output),
    output,
  );
  const { mesh } = run;
  if (there && mesh && mesh.url === url)
    t.expect(
      "OUT-08",
      sha256(output.response?.body ?? Buffer.alloc(0)) === mesh.sha256,
      "the same bytes as at first",
      "other bytes",
      output,
    );
}
