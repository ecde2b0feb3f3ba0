/**
 * Changes of a module that no test can notice, because what it does stays the same: the line, what is
 * put in for what, and why. A row that is no survivor any more makes the run fail.
 */
export const REASONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "packages/contract/src/run.ts": {
    'isAddressOf(output_url, WORKSPACE_PREFIX + (scene_candidate?.workspace_path ?? "")); | scene_candidate?.workspace_path -> scene_candidate.workspace_path':
      "a mesh without a candidate is refused before",
    'isAddressOf(output_url, WORKSPACE_PREFIX + (scene_candidate?.workspace_path ?? "")); | "" -> "Stryker was here!"':
      "a mesh without a candidate is refused before",
  },
  "packages/conformance/src/history/check.ts": {
    "(known, ended) => ((known?.progress ?? -1) >= (ended.progress ?? -1) ? known : ended), | -1 -> +1":
      "only those with a progress come here",
    "const second = ends.find(({ status }) => status !== first?.status); | first?.status -> first.status":
      "where there is no end, nothing is looked at",
  },
  "packages/conformance/src/history/observations.ts": {
    'if (typeof answer !== "object" || answer === null) return undefined; | typeof answer !== "object" -> false':
      "a text and a number have neither of the two keys",
    'if ((meaning.act !== "read" && meaning.act !== "cancel") || !meaning.exact) continue; | meaning.act !== "read" && meaning.act !== "cancel" -> false':
      "the type asks for it; nothing else is exact",
  },
  "packages/conformance/src/programs/judge.ts": {
    'if (body === undefined || exchange.meaning.act !== "read") return undefined; | exchange.meaning.act !== "read" -> false':
      "the type asks for it; only a read has the body of a run",
    "if (found && at) return { what: `run ${history.runId}: ${found.message}`, exchange: at }; | found && at -> found || at":
      "the type asks for both; what was found has its exchange",
    "const other = ends.find(({ body }) => !isDeepStrictEqual(body, first?.body)); | first?.body -> first.body":
      "where there is no end, nothing is looked at",
    "if (last && lastExchange && !isEnded(last.status)) | last && lastExchange -> last || lastExchange":
      "the type asks for both; a read has its exchange",
  },
  "packages/flows/src/definition/order.ts": {
    '...(step.uses === "each" ? everyAddressIn(step) : []), | [] -> ["Stryker was here"]':
      "no step has this for an address",
    'const way: string[] = []; | [] -> ["Stryker was here"]': "no step has this for an id",
    'for (const need of needs.get(step) ?? []) | [] -> ["Stryker was here"]':
      "what is looked at is a step, and has its needs",
    "if (needs.has(need)) todo.push({ step: need, leave: false }); | needs.has(need) -> true":
      "what is no step has no needs, and ends the way there",
  },
  "packages/flows/src/engine/engine.ts": {
    "waiting++; | waiting++ -> waiting--": "all that is asked is whether it is 0",
  },
  "apps/server/src/runs/sentence.ts": {
    'const last = lines.findLast((line) => line !== "" && !/^at .+:\\d+/.test(line)) ?? ""; | /^at .+:\\d+/ -> /^at .+:\\d/':
      "the first digit decides",
  },
  "apps/server/src/json-depth.ts": {
    "for (let at = 0; at < json.length; at++) { | at < json.length -> at <= json.length":
      "behind the end is no bracket",
  },
};
