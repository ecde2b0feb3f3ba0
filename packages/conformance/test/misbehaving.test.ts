import { expect, onTestFinished, test } from "vitest";

import { collect } from "../src/index.ts";
import { correct } from "./reference/behaviour.ts";
import { REFERENCE_TARGET, startReference } from "./reference/index.ts";
import { count } from "./reference/lab.ts";

test("a model that misbehaves is tried again where its run failed of something else", async () => {
  const server = await startReference({
    publish(lab, run) {
      if (run.params["output"] !== "outside") return correct.publish(lab, run);
      if (count(lab, "outside") === 1) return correct.fail(lab, run);
      correct.publish(lab, run);
      if (run.file !== null) lab.files.delete(run.file);
    },
  });
  onTestFinished(server.close);
  const also = [{ model_id: "ref/fast", params: { output: "outside" } }];
  const target = { ...REFERENCE_TARGET, base_url: server.url, also };
  const { verdicts } = await collect(target, { only: ["LIF-07"] });
  expect(verdicts.map(({ id, status }) => [id, status])).toEqual([["LIF-07", "fail"]]);
});
