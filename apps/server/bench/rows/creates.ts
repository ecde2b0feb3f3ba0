import { heavyPicture } from "../../test/support/pictures.ts";
import { hammer, requestOf } from "../hammer.ts";
import { interleave, judge } from "../row.ts";
import { createRun, ended, stepsForm, withOurs, withYardstick } from "../sides.ts";

/** Row 3: a create with a picture of 1 MiB, on disk before it is answered. */
export const creates = () =>
  withOurs(
    async ({ url }) => {
      const { body, headers } = stepsForm(1, 0, heavyPicture(1024 ** 2));
      const run = await ended(url, await createRun(url, { body, headers }));
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
    { args: ["--max-pending=1000000"] },
  );
