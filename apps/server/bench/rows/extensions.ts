import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { formOf } from "../../test/crash/wire.ts";
import { picture } from "../../test/support/pictures.ts";
import { judge, percentile } from "../row.ts";
import { createRun, readRun, withOurs } from "../sides.ts";

const EXTENSIONS = fileURLToPath(new URL("../../test/modly-extension/extensions", import.meta.url));
const LISTENING = 100;
const IGNORING = 25;

const post = (url: string) => fetch(url, { method: "POST" });

/**
 * From a cancel's answer to the end of the work in Python: where the model listens, until the run that
 * waits behind it has begun; where it does not, until its process is gone.
 */
export const extensions = () =>
  withOurs(
    async ({ url }) => {
      const create = (model_id: string, params: object) =>
        createRun(url, formOf(picture(), { model_id, params: JSON.stringify(params) }));
      const until = async (
        id: string,
        shows: (run: Awaited<ReturnType<typeof readRun>>) => boolean,
      ) => {
        for (;;) {
          const run = await readRun(url, id);
          if (shows(run)) return run;
          await turn();
        }
      };

      const listening: number[] = [];
      let id = await create("habits/good", { steps: 100_000 });
      for (let count = 0; count < LISTENING; count += 1) {
        const next = await create("habits/good", { steps: 100_000 });
        await until(id, ({ step }) => step?.startsWith("Step") === true);
        await post(`${url}/workflow-runs/${id}/cancel`);
        const answered = performance.now();
        await until(next, ({ status }) => status !== "pending");
        listening.push(performance.now() - answered);
        id = next;
      }
      await post(`${url}/workflow-runs/${id}/cancel`);

      const ignoring: number[] = [];
      for (let count = 0; count < IGNORING; count += 1) {
        const deaf = await create("habits/deaf", { rude: true });
        const { step } = await until(deaf, (run) => run.step?.startsWith("Working in") === true);
        const pid = Number(/\d+/.exec(step ?? "")?.[0]);
        await post(`${url}/workflow-runs/${deaf}/cancel`);
        const answered = performance.now();
        while (isThere(pid)) await turn();
        ignoring.push(performance.now() - answered);
      }
      const row = (what: string, times: readonly number[], atMost: number) =>
        judge({
          ...{ name: `cancel answered to Python ${what}, p99`, unit: "ms", atMost },
          ours: percentile(times, 99),
          note: `median ${Math.round(percentile(times, 50))}`,
        });
      return [row("listened", listening, 200), row("stopped by force", ignoring, 2_000)];
    },
    { args: [`--extensions-dir=${EXTENSIONS}`] },
  );

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
