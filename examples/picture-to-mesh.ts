// A picture becomes a mesh with the typed client.
//   npx tsx --conditions=@modly-runs/source examples/picture-to-mesh.ts examples/duck.png duck.glb
import { createClient } from "@modly-runs/contract/client";

const [picture = "examples/duck.png", mesh = "duck.glb"] = process.argv.slice(2);
const client = createClient({ baseUrl: process.env["MODLY_API_URL"] ?? "http://127.0.0.1:8765" });

const created = await client.create({
  image: picture,
  modelId: process.env["MODEL"] ?? "builtin/auto",
});
if (!created.ok) throw new Error(created.failure.message);

// The run as it is now, then every change; the last item is the ended run, or why we can't know.
for await (const seen of client.watch(created.value.run_id)) {
  if (!seen.ok) throw new Error(seen.failure.message);
  const run = seen.value;
  console.error(`${run.progress}% ${run.step ?? run.status}`);
  if (run.status === "error") throw new Error(run.error);
  if (run.status === "done") {
    const saved = await client.download(run, mesh);
    if (!saved.ok) throw new Error(saved.failure.message);
    console.log(`${mesh}, ${saved.value.bytes} bytes`);
  }
}
