import { isEnded } from "@modly-runs/contract";

import { CannotGoOn } from "../session/session.ts";
import { told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

/** So many creates meet at once, in turns for one model and the other. */
const AT_ONCE = 6;

async function ends(t: Bench, id: string, expected: "done" | "error", model: string) {
  const end = await t.until(id, isEnded);
  // One that never ends is LIF-05's, and says nothing of the model.
  if (end === undefined) return;
  t.judge(
    "CRE-43",
    end.exchange,
    `${expected}, as a run of ${model} ends, whatever was asked for beside it`,
    end.body["status"] === expected,
  );
}

/** Two models at once, where the situations are all of one model and the other is named for this alone. */
export const SECOND_MODEL: readonly Scenario[] = [
  {
    name: "a second model beside the first",
    feeds: [],
    shows: ["CRE-43", "LIF-05"],
    needs: ["succeeds"],
    alone: true,
    race: true,
    async run(t) {
      const { second_model: second } = t.session.target;
      if (second === undefined)
        throw new CannotGoOn("The configuration names no second_model.", "n/a");
      const { recipe } = await t.situation("succeeds");
      const names = { succeeds: String(recipe.model_id), fails: String(second.model_id) };
      t.believe("fails", second);
      const started = await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const name = index % 2 === 0 ? "succeeds" : "fails";
          return { name, ...(await t.start(name)) } as const;
        }),
      );
      for (const { name, id } of started)
        await ends(t, id, name === "succeeds" ? "done" : "error", names[name]);
      // A create for the second model that is refused must not touch the run that is at work.
      const { id, exchange } = await t.start();
      const { image, fields } = await t.parts("fails");
      const others = fields.filter(({ name }) => name !== "params");
      const refused = await t.create([...others, { name: "params", content: "[]" }, image]);
      const again = await t.start();
      for (const run of [id, again.id]) await ends(t, run, "done", names.succeeds);
      for (const run of [...started, { id, exchange }, again])
        t.expect(
          "LIF-05",
          (await t.until(run.id, isEnded, t.session.budgets.poll)) !== undefined,
          "a run ends that was started beside one of another model",
          `it did not end in time; beside it a create was answered ${told(refused)}`,
          run.exchange,
        );
    },
  },
];
