import { heavyPicture } from "../../test/support/pictures.ts";
import { hammer, requestOf } from "../hammer.ts";
import { interleave, judge } from "../row.ts";
import { createRun, ended, readRun, stepsForm, withOurs, withYardstick } from "../sides.ts";

/**
 * Row 3: a create with a picture of 1 MiB, on disk before it is answered. The one place for work is taken, so that
 * what is created waits: the yardstick does no work on its pictures either.
 */
export const creates = () =>
  withOurs(
    async ({ url }) => {
      const { body, headers } = stepsForm(1, 0, heavyPicture(1024 ** 2));
      const run = await ended(url, await createRun(url, { body, headers }));
      const taken = await createRun(url, stepsForm(1, 3_600_000));
      while ((await readRun(url, taken)).status !== "running");
      return withYardstick("bare", run, async (bare) => {
        const rate = (to: string) => async () =>
          (await hammer(to, [requestOf("POST", to, headers, body)], { connections: 8, ms: 2000 }))
            .perSecond;
        const found = await interleave(5, {
          ours: rate(`${url}/workflow-runs/from-image`),
          bare: rate(`${bare}/upload`),
        });
        return [
          judge({
            ...{ name: "create with 1 MiB", unit: "requests/s", atLeast: 0.5 },
            ...{ ours: found.ours, yardstick: found.bare },
          }),
        ];
      });
    },
    { args: ["--max-pending=1000000", "--workers=1"] },
  );
