import type { Run } from "@modly-runs/contract";

import { hammer, requestOf } from "../hammer.ts";
import { interleave, judge, type Row } from "../row.ts";
import { createRun, ended, readRun, stepsForm, withOurs, withYardstick } from "../sides.ts";

const ROUNDS = 7;

async function compare(name: string, url: string, run: Run): Promise<Row[]> {
  const path = `/workflow-runs/${run.run_id}`;
  const etagAt = async (base: string) => (await fetch(base + path)).headers.get("etag") ?? "";
  return withYardstick("express", run, (express) =>
    withYardstick("bare", run, async (bare) => {
      const rate = (base: string) => async () =>
        (await hammer(base, [requestOf("GET", base + path)])).perSecond;
      const again = (base: string, etag: string) => async () => {
        const request = requestOf("GET", base + path, { "If-None-Match": etag });
        return (await hammer(base, [request], { status: 304 })).perSecond;
      };
      const found = await interleave(ROUNDS, {
        ours: rate(url),
        express: rate(express),
        bare: rate(bare),
        oursAgain: again(url, await etagAt(url)),
        expressAgain: again(express, await etagAt(express)),
      });
      const unit = "requests/s";
      return [
        judge({
          ...{ name: `read ${name}`, unit, ours: found.ours, yardstick: found.express },
          ...{ atLeast: 1.2, note: `bare node:http ${Math.round(found.bare)}` },
        }),
        judge({
          ...{ name: `read ${name}, unchanged (304)`, unit, ours: found.oursAgain },
          ...{ yardstick: found.expressAgain, atLeast: 1.2 },
        }),
      ];
    }),
  );
}

/** Rows 1 and 2: the state of an active and of an ended run. */
export const reads = () =>
  withOurs(async ({ url }) => {
    const done = await ended(url, await createRun(url, stepsForm(1, 0)));
    const id = await createRun(url, stepsForm(1, 3_600_000));
    let active = await readRun(url, id);
    while (active.status !== "running" || active.progress > 0) active = await readRun(url, id);
    return [
      ...(await compare("an active run", url, active)),
      ...(await compare("an ended run", url, done)),
    ];
  });
