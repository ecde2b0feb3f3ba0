import { ask } from "../../test/crash/wire.ts";
import { heavyPicture } from "../../test/support/pictures.ts";
import { judge } from "../row.ts";
import { createRun, ended, memoryOf, stepsForm, withOurs } from "../sides.ts";

const UPLOADS = 100;
const BYTES = 20 * 1024 ** 2;

/** Row 5: what is being sent is never in memory as a whole. */
export const uploads = () =>
  withOurs(
    async ({ url, pid }) => {
      // The first create loads what every create needs.
      await ended(url, await createRun(url, stepsForm(1, 0)));
      const { body, headers } = stepsForm(1, 0, heavyPicture(BYTES));
      const before = (await memoryOf(pid)).now;
      const one = () =>
        ask(`${url}/workflow-runs/from-image`, { method: "POST", headers, body: [body] });
      const answers = await Promise.all(Array.from({ length: UPLOADS }, one));
      const refused = answers.filter((answer) => answer?.status !== 200).length;
      const grown = (await memoryOf(pid)).peak - before;
      return [
        judge({
          ...{ name: "100 uploads of 20 MiB at once: memory", unit: "MiB", atMost: 0.05 },
          ...{ ours: grown / 1024 ** 2, yardstick: (UPLOADS * BYTES) / 1024 ** 2 },
          note: `${refused} refused`,
        }),
      ];
    },
    { args: [`--max-uploads=${UPLOADS * 2}`, "--max-pending=1000"] },
  );
