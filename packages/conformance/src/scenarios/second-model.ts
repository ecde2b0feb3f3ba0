import { isEnded } from "@modly-runs/contract";

import { CannotGoOn } from "../session/session.ts";
import { told } from "./answers.ts";
import type { Bench } from "./bench.ts";
import type { Scenario } from "./scenario.ts";

/** So many creates meet at once, in turns for one model and the other. */
const AT_ONCE = 6;

/** The run ends as its own model ends it; `beside` says what else was asked for meanwhile. */
async function ends(
  t: Bench,
  id: string,
  [expected, model]: readonly ["done" | "error", string],
  beside: string,
): Promise<void> {
  const end = await t.until(id, isEnded);
  // One that never ends is LIF-05's, and says nothing of the model.
  if (end === undefined) return;
  t.judge(
    "CRE-43",
    end.exchange,
    `${expected}, as a run of ${model} ends, ${beside}`,
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
      const own = ["done", String(recipe.model_id)] as const;
      const others = ["error", String(second.model_id)] as const;
      t.believe("fails", second);
      // A create for the second model that is refused must not touch the run that is at work, nor the next.
      const { id, exchange } = await t.start();
      const { image, fields } = await t.parts("fails");
      const kept = fields.filter(({ name }) => name !== "params");
      const refused = await t.create([...kept, { name: "params", content: "[]" }, image]);
      const again = await t.start();
      for (const run of [id, again.id])
        await ends(t, run, own, `although a create for ${others[1]} was refused beside it`);
      const started = await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, index) => {
          const name = index % 2 === 0 ? "succeeds" : "fails";
          return { name, ...(await t.start(name)) } as const;
        }),
      );
      for (const { name, id: run } of started)
        await ends(t, run, name === "succeeds" ? own : others, "whatever was asked for beside it");
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
