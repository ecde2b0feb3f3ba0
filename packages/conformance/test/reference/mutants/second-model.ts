import { type Behaviour, correct, textOf } from "../behaviour.ts";
import { isAnswer } from "../http.ts";
import type { Mutant } from "./mutant.ts";

const SECOND = "ref/fail";

/** A create that is refused loads its model all the same: the next run that comes to its end meets it. */
const switched = (publish: Behaviour["publish"]): Partial<Behaviour> => ({
  params(parts, lab) {
    const params = correct.params(parts, lab);
    if (isAnswer(params) && textOf(parts, "model_id") === SECOND) lab.counters.set("switched", 1);
    return params;
  },
  publish: (lab, run) =>
    lab.counters.delete("switched") ? publish(lab, run) : correct.publish(lab, run),
});

const config = () => ({ second_model: { model_id: SECOND } });

/** What only shows where the configuration names a second model. */
export const SECOND_MODEL: readonly Mutant[] = [
  {
    name: "refused-create-switches-model",
    why: "A create for another model is refused after that was loaded: the next mesh is made by it.",
    overrides: switched((lab, run) => lab.behaviour.fail(lab, run)),
    config,
    kills: ["CRE-43", "LIF-17"],
  },
  {
    name: "refused-create-unloads-model",
    why: "A create for another model is refused after the first was put away: the next run waits for it for ever.",
    overrides: switched(() => {}),
    config,
    kills: ["LIF-05"],
  },
];
