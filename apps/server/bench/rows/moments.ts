import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";

import { formOf } from "../../test/crash/wire.ts";
import { judge, percentile } from "../row.ts";
import { createRun, ended, readRun, stepsForm, withOurs } from "../sides.ts";
import { photograph } from "./photograph.ts";

const TIMES = 200;
const CANCELS = 20;

async function childrenOf(pid: number): Promise<Set<string>> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return new Set(text.split(" ").filter((each) => each !== ""));
}

/** Row 7: from the creation, which is before its answer, to the generator; from a cancel's answer to the death of the process that worked. */
export const moments = () =>
  withOurs(async ({ url, pid }) => {
    const begins: number[] = [];
    for (let count = 0; count < TIMES; count++) {
      const run = await ended(url, await createRun(url, stepsForm(1, 0)));
      const { created_at, started_at } = run as unknown as Record<string, string>;
      begins.push(Date.parse(started_at!) - Date.parse(created_at!));
    }
    const form = formOf(await photograph(2048), { model_id: "builtin/inflate" });
    await ended(url, await createRun(url, form));
    const stops: number[] = [];
    for (let count = 0; count < CANCELS; count++) {
      const id = await createRun(url, form);
      while ((await readRun(url, id)).progress === 0) await turn();
      const before = await childrenOf(pid);
      await fetch(`${url}/workflow-runs/${id}/cancel`, { method: "POST" });
      const answered = performance.now();
      for (;;) {
        const now = await childrenOf(pid);
        if ([...before].some((child) => !now.has(child))) break;
        await turn();
      }
      stops.push(performance.now() - answered);
    }
    return [
      judge({
        ...{ name: "created to generator begins, p99", unit: "ms", atMost: 20 },
        ours: percentile(begins, 99),
      }),
      judge({
        ...{ name: "cancel answered to work stopped, p99", unit: "ms", atMost: 100 },
        ours: percentile(stops, 99),
      }),
    ];
  });
