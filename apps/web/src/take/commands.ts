import { stemOf } from "./save.ts";

/** What a run was made with, as far as a command needs it. */
export interface Recipe {
  readonly baseUrl: string;
  readonly pictureName: string;
  readonly modelId: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** True when the server wants a token; the commands take it from the environment. */
  readonly needsToken: boolean;
}

/** Text that a POSIX shell takes as one word. */
function word(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Text as JSON, which is also a literal of TypeScript and, but for three words, of Python. */
const json = (value: unknown) => JSON.stringify(value);

function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, each]) => `${json(key)}: ${python(each)}`)
      .join(", ")}}`;
  return json(value);
}

/** A file of this folder, also when it is called like a flag. */
const inFolder = (name: string) => (name.startsWith("-") ? `./${name}` : name);
const meshName = ({ pictureName }: Recipe) => inFolder(`${stemOf(pictureName)}.glb`);
const hasParams = ({ params }: Recipe) => Object.keys(params).length > 0;

/** Takes one text out of JSON: what every system has, which a reader of JSON is not. */
const textOf = (key: string) => `sed -n 's/.*"${key}": *"\\([^"]*\\)".*/\\1/p'`;

function curl(recipe: Recipe): string {
  const { baseUrl, pictureName, modelId, params, needsToken } = recipe;
  const token = needsToken ? ` -H "Authorization: Bearer $MODLY_RUNS_TOKEN"` : "";
  const quoted = pictureName.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return [
    `server=${word(baseUrl)}`,
    `answer=$(curl -sS${token} -F ${word(`image=@"${quoted}"`)} \\`,
    `  -F ${word(`model_id=${modelId}`)} \\`,
    ...(hasParams(recipe) ? [`  -F ${word(`params=${json(params)}`)} \\`] : []),
    `  "$server/workflow-runs/from-image")`,
    `echo "$answer"`,
    `run=$(echo "$answer" | ${textOf("run_id")})`,
    `while state=$(curl -sS${token} "$server/workflow-runs/$run")`,
    `  echo "$state" | grep -Eq '"status": *"(pending|running)"'; do sleep 1; done`,
    `echo "$state"`,
    `mesh=$(echo "$state" | ${textOf("output_url")})`,
    `[ -n "$mesh" ] && curl -sS${token} -o ${word(meshName(recipe))} "$server$mesh"`,
  ].join("\n");
}

function cli(recipe: Recipe): string {
  const { baseUrl, pictureName, modelId, params } = recipe;
  return [
    `modly-runs run ${word(inFolder(pictureName))}`,
    `--model ${word(modelId)}`,
    ...(hasParams(recipe) ? [`--params ${word(json(params))}`] : []),
    `--api-url ${word(baseUrl)}`,
    `-o ${word(meshName(recipe))}`,
  ].join(" ");
}

function typescript(recipe: Recipe): string {
  const { baseUrl, pictureName, modelId, params, needsToken } = recipe;
  return `import { createClient } from "@modly-runs/contract/client";

const client = createClient({
  baseUrl: ${json(baseUrl)},${needsToken ? "\n  token: process.env.MODLY_RUNS_TOKEN," : ""}
});
const created = await client.create({
  image: ${json(pictureName)},
  modelId: ${json(modelId)},${hasParams(recipe) ? `\n  params: ${json(params)},` : ""}
});
if (!created.ok) throw new Error(created.failure.message);
for await (const seen of client.watch(created.value.run_id)) {
  if (!seen.ok) throw new Error(seen.failure.message);
  if (seen.value.status === "done") await client.download(seen.value, ${json(meshName(recipe))});
}`;
}

function pythonScript(recipe: Recipe): string {
  const { baseUrl, pictureName, modelId, params, needsToken } = recipe;
  return `import json, ${needsToken ? "os, " : ""}time
import requests

server = ${json(baseUrl)}
session = requests.Session()${needsToken ? '\nsession.headers["Authorization"] = "Bearer " + os.environ["MODLY_RUNS_TOKEN"]' : ""}
with open(${json(pictureName)}, "rb") as picture:
    created = session.post(
        server + "/workflow-runs/from-image",
        files={"image": (${json(pictureName)}, picture, "image/*")},
        data={"model_id": ${json(modelId)}, "params": json.dumps(${python(params)})},
    )
created.raise_for_status()
run = created.json()
while run["status"] in ("pending", "running"):
    time.sleep(1)
    run = session.get(server + "/workflow-runs/" + run["run_id"]).json()
if run["status"] != "done":
    raise SystemExit(run["error"] or run["status"])
with open(${json(meshName(recipe))}, "wb") as mesh:
    mesh.write(session.get(server + run["output_url"]).content)`;
}

/** The same run in the words of each tool. */
export const COMMANDS = {
  curl,
  "Command line": cli,
  TypeScript: typescript,
  Python: pythonScript,
} as const satisfies Record<string, (recipe: Recipe) => string>;

export type Tool = keyof typeof COMMANDS;
export const TOOLS = Object.keys(COMMANDS) as [Tool, ...Tool[]];
